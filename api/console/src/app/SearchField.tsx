/** A word that narrows a list; `/` goes to it, and what is typed reaches the address a moment later. */
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";

import { useWords } from "../i18n";
import { useChange } from "./address";
import { useActions } from "./keys";

const SETTLE_MS = 200;

export function SearchField({ name, label }: { name: string; label: string }) {
  const { t } = useWords();
  const [search] = useSearchParams();
  const change = useChange();
  const box = useRef<HTMLInputElement>(null);
  const [words, setWords] = useState(search.get(name) ?? "");
  const [settled] = useDebouncedValue(words.trim(), SETTLE_MS);
  useActions([{ label: t("keys.filter"), keys: ["/"], act: () => box.current?.focus() }]);
  useEffect(() => {
    if ((search.get(name) ?? "") !== settled) change({ [name]: settled || null });
  }, [settled]);
  return (
    <input
      ref={box}
      className="field"
      type="search"
      value={words}
      placeholder={`${label}  /`}
      aria-label={label}
      onChange={(event) => setWords(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
    />
  );
}
