/** Words by key: `{{name}}` is filled in, `key_one` and `key_other` go by `count`, and a key that nobody knows is its default or itself. */
export type Say = (key: string, options?: Record<string, unknown>) => string;

export type Words = { [key: string]: string | Words };

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
