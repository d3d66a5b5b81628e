/** The two languages, switched live; the choice is remembered, the browser's own language is the start. Only the words that are needed are fetched. */
import { useSyncExternalStore } from "react";

import { makeSay, type Say, type Words } from "./say";

export type { Say };
export type Language = "en" | "zh";
type Part = "first" | "more";

const KEY = "fettle.language";
/** The words that the queue is shown with come first; those of the other pages come with the first of these pages. */
const FETCH: Record<Language, Record<Part, () => Promise<Words>>> = {
  en: {
    first: async () => (await import("./en/first")).first,
    more: async () => (await import("./en/more")).more,
  },
  zh: {
    first: async () => (await import("./zh/first")).first,
    more: async () => (await import("./zh/more")).more,
  },
};

const listeners = new Set<() => void>();
let spoken: { t: Say; language: Language; parts: Set<Part> } = {
  t: makeSay("en", {}),
  language: "en",
  parts: new Set(),
};
let wanted: Language | null = null;
/** Words are fetched in the order in which they were asked for: what comes later knows what came before. */
let turn: Promise<void> = Promise.resolve();

/** Call when the language has changed: what the API put into words is in the other one. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Start with the remembered language; done when its first words are here. */
export function startWords(): Promise<void> {
  return speak([]);
}

/** Done when the words of every page are here, in the language of the moment and from then on in the other. */
export function moreWords(): Promise<void> {
  return speak(["more"]);
}

/** Switch and remember; the page follows when the words are here. */
export async function choose(language: Language): Promise<void> {
  const before = wanted;
  wanted = language;
  await speak([]).catch((error: unknown) => {
    wanted = before;
    throw error;
  });
  localStorage.setItem(KEY, language);
  for (const listener of listeners) listener();
}

/** The words and the language of the moment. */
export function useWords(): { t: Say; language: Language } {
  return useSyncExternalStore(onLanguage, () => spoken);
}

function speak(more: Part[]): Promise<void> {
  const mine = turn.then(() => fetchWords(more));
  turn = mine.catch(() => undefined);
  return mine;
}

async function fetchWords(more: Part[]): Promise<void> {
  wanted ??= (localStorage.getItem(KEY) ?? navigator.language).toLowerCase().startsWith("zh") ? "zh" : "en";
  const language = wanted;
  const all = new Set<Part>(["first", ...spoken.parts, ...more]);
  if (spoken.language === language && [...all].every((part) => spoken.parts.has(part))) return;
  const words = await Promise.all([...all].map((part) => FETCH[language][part]()));
  document.documentElement.lang = language;
  spoken = { t: makeSay(language, Object.assign({}, ...words)), language, parts: all };
}
