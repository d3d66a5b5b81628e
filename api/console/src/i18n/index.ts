/** The two languages, switched live; the choice is remembered, the browser's own language is the start. */
import { useSyncExternalStore } from "react";

import { en } from "./en";
import { makeSay, type Say } from "./say";
import { zh } from "./zh";

export type { Say };
export type Language = "en" | "zh";

const KEY = "fettle.language";
const SAY: Record<Language, Say> = { en: makeSay("en", en), zh: makeSay("zh", zh) };
const listeners = new Set<() => void>();
let spoken: Language = "en";

/** Call when the language has changed: what the API put into words is in the other one. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Start with the remembered language. */
export function startWords(): void {
  const kept = localStorage.getItem(KEY) ?? navigator.language;
  spoken = kept.toLowerCase().startsWith("zh") ? "zh" : "en";
  document.documentElement.lang = spoken;
}

/** Switch and remember. */
export function choose(language: Language): void {
  localStorage.setItem(KEY, language);
  document.documentElement.lang = language;
  spoken = language;
  for (const listener of listeners) listener();
}

/** The words and the language of the moment. */
export function useWords(): { t: Say; language: Language } {
  const language = useSyncExternalStore(onLanguage, () => spoken);
  return { t: SAY[language], language };
}
