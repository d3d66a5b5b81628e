/** Words by key: `{{name}}` is filled in, `key_one` and `key_other` go by `count`, and a key that nobody knows is its default or itself. */
export type Say = (key: string, options?: Record<string, unknown>) => string;

export type Words = { [key: string]: string | Words };

/** The same words in a language that may do without a form for one. */
export type Like<T> = {
  [K in keyof T as K extends `${string}_one` ? never : K]: T[K] extends string ? string : Like<T[K]>;
} & {
  [K in keyof T as K extends `${string}_one` ? K : never]?: string;
};

/** What says the words of one language; the same function each time, so that it can be compared. */
export function makeSay(language: string, words: Words): Say {
  const plural = new Intl.PluralRules(language);
  return (key, options = {}) => {
    const { count, defaultValue } = options;
    const found =
      find(words, key) ?? (typeof count === "number" ? find(words, `${key}_${plural.select(count)}`) : undefined);
    const text = found ?? (typeof defaultValue === "string" ? defaultValue : key);
    return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(options[name] ?? ""));
  };
}

function find(words: Words, key: string): string | undefined {
  let here: string | Words | undefined = words;
  for (const part of key.split(".")) here = typeof here === "object" ? here[part] : undefined;
  return typeof here === "string" ? here : undefined;
}

/** The words of several files, by language. */
export function merged(parts: Record<string, Record<"en" | "zh", Words>>): Record<"en" | "zh", Words> {
  const all = Object.values(parts);
  const of = (language: "en" | "zh"): Words => Object.assign({}, ...all.map((part) => part[language]));
  return { en: of("en"), zh: of("zh") };
}
