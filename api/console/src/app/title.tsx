/** The page's name in the browser's tab. */
import { useEffect } from "react";

import { useWords } from "../i18n";

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Fettle`;
  }, [title]);
}

/** The name of a place, until what is shown there has one of its own. */
export function PageTitle({ name }: { name: string }) {
  const { t } = useWords();
  useTitle(t(name));
  return null;
}
