/** The two languages, switched live; the choice is remembered, the browser's own language is the start. */
import { useSyncExternalStore } from "react";

import { first } from "./first";
import { makeSay, type Say, type Words } from "./say";

export type { Say };
export type Language = "en" | "zh";

const KEY = "fettle.language";
/** The words that the queue is shown with come with the entry; those of the other pages with the first of these pages. */
const words: Record<Language, Words> = { ...first };

const listeners = new Set<() => void>();
let isWhole = false;
let spoken: { t: Say; language: Language } = { t: makeSay("en", {}), language: "en" };

/** Call when the language has changed: what the API put into words is in the other one. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Start with the remembered language; places are named where they are listed. */
export function startWords(places: Record<Language, Words>): void {
  for (const language of ["en", "zh"] as const) {
    const nav = { ...(words[language].nav as Words), ...places[language] };
    words[language] = { ...words[language], nav };
  }
  const remembered = localStorage.getItem(KEY) ?? navigator.language;
  speak(remembered.toLowerCase().startsWith("zh") ? "zh" : "en");
}

/** Done when the words of every page are here, in both languages. */
export async function moreWords(): Promise<void> {
  if (isWhole) return;
  const { more } = await import("./more");
  for (const language of ["en", "zh"] as const) words[language] = { ...words[language], ...more[language] };
  isWhole = true;
  speak(spoken.language);
}

/** Switch and remember. */
export function choose(language: Language): void {
  localStorage.setItem(KEY, language);
  speak(language);
  tell();
}

/** The words and the language of the moment. */
export function useWords(): { t: Say; language: Language } {
  return useSyncExternalStore(onLanguage, () => spoken);
}

function speak(language: Language): void {
  document.documentElement.lang = language;
  spoken = { t: makeSay(language, words[language]), language };
}

function tell(): void {
  for (const listener of listeners) listener();
}
