/** The text in a language, else in English, else in any. */
export function spoken(texts: Record<string, string>, language: string): string {
  return texts[language] ?? texts.en ?? Object.values(texts)[0] ?? "";
}
