/** The two languages, switched live; the choice is remembered, the browser's own language is the start. */
import i18next from "i18next";
import { initReactI18next, useTranslation } from "react-i18next";

import { en } from "./en";
import { zh } from "./zh";

export type Language = "en" | "zh";

const KEY = "fettle.language";
const listeners = new Set<() => void>();

/** Call when the language has changed: what the API put into words is in the other one. */
export function onLanguage(listener: () => void): void {
  listeners.add(listener);
}

function remembered(): Language {
  const kept = localStorage.getItem(KEY) ?? navigator.language;
  return kept.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** Start with the remembered language. */
export function startWords(): void {
  void i18next.use(initReactI18next).init({
    lng: remembered(),
    fallbackLng: "en",
    resources: { en: { translation: en }, zh: { translation: zh } },
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  document.documentElement.lang = i18next.language;
}

/** Switch and remember. */
export function choose(language: Language): void {
  localStorage.setItem(KEY, language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
  for (const listener of listeners) listener();
}

/** The words and the language of the moment. */
export function useWords() {
  const { t, i18n } = useTranslation();
  return { t, language: i18n.language as Language };
}
