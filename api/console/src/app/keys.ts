/** Keys that work on every page. `g` starts a two-key word; keys typed into a field are left alone. */
import { useEffect } from "react";
import { useNavigate } from "react-router";

const PAIR_MS = 1200;
const PLACES: Record<string, string> = { q: "/queue", a: "/appliances" };

/** Whether somebody is typing, or a dialog is open. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  const target = event.target;
  if (document.querySelector('[role="dialog"]') !== null) return true;
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Call `act` for single keys on this page; each key has one meaning at a time. */
export function useKeys(acts: Record<string, (() => void) | undefined>): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTyping(event)) return;
      const act = acts[event.key];
      if (!act || isPairPending()) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  });
}

let pairSince = -PAIR_MS;

function isPairPending(): boolean {
  return performance.now() - pairSince < PAIR_MS;
}

/** `?`, `g q`, `g a`. */
export function useGlobalKeys(onHelp: () => void): void {
  const navigate = useNavigate();
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (isTyping(event)) return;
      if (isPairPending()) {
        pairSince = -PAIR_MS;
        const place = PLACES[event.key];
        if (place) {
          event.preventDefault();
          void navigate(place);
        }
      } else if (event.key === "g") {
        pairSince = performance.now();
      } else if (event.key === "?") {
        event.preventDefault();
        onHelp();
      }
    };
    window.addEventListener("keydown", listen, { capture: true });
    return () => window.removeEventListener("keydown", listen, { capture: true });
  });
}
