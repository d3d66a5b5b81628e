/** The pages of the help as they were built in, and how they are searched. */
import { useQuery } from "@tanstack/react-query";

import type { Language } from "../i18n";

export interface HelpPage {
  slug: string;
  group: string;
  title: string;
  language: Language;
  html: string;
  text: string;
}

const AROUND = 60;

/** All pages in a language; they never change while the page is open. */
export function useHelp(language: Language) {
  return useQuery({
    queryKey: ["help", language],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<{ pages: HelpPage[] }> => {
      const answer = await fetch(`/help/${language}.json`, { signal });
      if (!answer.ok) throw new Error(`${answer.status}`);
      return answer.json();
    },
  });
}

export interface Hit {
  page: HelpPage;
  around: string;
}

/** Pages that have all words, those that have them in their title first, with what stands around the first word. */
export function found(pages: HelpPage[], words: string): Hit[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [];
  const rank = ({ title }: HelpPage) => (wanted.every((word) => title.toLowerCase().includes(word)) ? 0 : 1);
  return pages
    .filter(({ title, text }) => wanted.every((word) => `${title} ${text}`.toLowerCase().includes(word)))
    .sort((one, other) => rank(one) - rank(other))
    .map((page) => {
      const at = Math.max(page.text.toLowerCase().indexOf(wanted[0] ?? ""), 0);
      const from = Math.max(at - AROUND, 0);
      const end = at + AROUND * 2;
      return {
        page,
        around: `${from > 0 ? "… " : ""}${page.text.slice(from, end)}${end < page.text.length ? " …" : ""}`,
      };
    });
}
