/** Links of long lists: one listener for all of them, where a link of the router each would read the address for every row. */
import { useCallback } from "react";
import { useNavigate } from "react-router";

/** For the box around plain links: a plain click goes there within the page; a click for a new tab is the browser's. */
export function useFollow({ replace = false } = {}): (event: React.MouseEvent) => void {
  const navigate = useNavigate();
  return useCallback(
    (event) => {
      const link = event.target instanceof Element ? event.target.closest("a") : null;
      const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
      if (!link || !isPlain || event.defaultPrevented) return;
      event.preventDefault();
      void navigate(link.pathname + link.search, { replace });
    },
    [navigate, replace],
  );
}
