/** Filters, orders, ranges and choices live in the address; what is null leaves it. */
import { useCallback, useRef } from "react";
import { useSearchParams } from "react-router";

export type Changes = Record<string, string | null>;

/** Changes parts of the address and leaves the others; changes of one moment add up. */
export function useChange(): (changes: Changes) => void {
  const [search, setSearch] = useSearchParams();
  const latest = useRef(search);
  latest.current = search;
  return useCallback(
    (changes) => {
      const after = new URLSearchParams(latest.current);
      for (const [name, value] of Object.entries(changes)) {
        if (value) after.set(name, value);
        else after.delete(name);
      }
      latest.current = after;
      setSearch(after, { replace: true });
    },
    [setSearch],
  );
}
