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
const parts = new Set<Part>(["first"]);
let spoken: { t: Say; language: Language } = { t: makeSay("en", {}), language: "en" };

/** Call when the language has changed: what the API put into words is in the other one. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Start with the remembered language; done when its first words are here. */
export async function startWords(): Promise<void> {
  const kept = localStorage.getItem(KEY) ?? navigator.language;
  await speak(kept.toLowerCase().startsWith("zh") ? "zh" : "en");
}

/** Done when the words of every page are here, in the language of the moment and from then on in the other. */
export async function moreWords(): Promise<void> {
  if (parts.has("more")) return;
  await speak(spoken.language, ["first", "more"]);
}

/** Switch and remember; the page follows when the words are here. */
export async function choose(language: Language): Promise<void> {
  await speak(language);
  localStorage.setItem(KEY, language);
  for (const listener of listeners) listener();
}

/** The words and the language of the moment. */
export function useWords(): { t: Say; language: Language } {
  return useSyncExternalStore(onLanguage, () => spoken);
}

async function speak(language: Language, wanted: Part[] = [...parts]): Promise<void> {
  const words = await Promise.all(wanted.map((part) => FETCH[language][part]()));
  for (const part of wanted) parts.add(part);
  document.documentElement.lang = language;
  spoken = { t: makeSay(language, Object.assign({}, ...words)), language };
}
