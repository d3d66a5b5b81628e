/** What may be done here, by key, by palette and by `?`: each act is named once. `g` starts a two-key word; what is typed into a field is left alone. */
import { useEffect, useRef } from "react";
import { useNavigate } from "react-router";

const PAIR_MS = 1200;

export interface Action {
  /** What it is called, in the reader's language. */
  label: string;
  /** The keys that do it, the first one is the one that is shown. */
  keys?: string[];
  act: () => void;
  /** A move within a list is no entry of the palette. */
  isMove?: boolean;
}

type MaybeAction = Action | false | undefined | null | "";

const here = new Set<{ current: MaybeAction[] }>();

/** What the page in front offers now, in the order in which its parts were drawn. */
export function actionsHere(): Action[] {
  return [...here].flatMap((part) => part.current.filter((one): one is Action => Boolean(one)));
}

/** Offer acts as long as this part of a page is there. */
export function useActions(actions: MaybeAction[]): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    here.add(latest);
    return () => void here.delete(latest);
  }, []);
}

/** Whether somebody is typing, or a dialog is open. */
function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  const target = event.target;
  if (document.querySelector('[role="dialog"]') !== null) return true;
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Listens for the keys of the page in front, for `g` and a place's key, and for `?`. */
export function useKeyboard(places: { path: string; key: string }[], onHelp: () => void): void {
  const navigate = useNavigate();
  const help = useRef(onHelp);
  help.current = onHelp;
  useEffect(() => {
    let pairSince = -PAIR_MS;
    const actOf = (key: string): (() => void) | undefined => {
      if (performance.now() - pairSince < PAIR_MS) {
        pairSince = -PAIR_MS;
        const place = places.find((one) => one.key === key);
        return place && (() => void navigate(place.path));
      }
      if (key === "g") pairSince = performance.now();
      if (key === "?") return help.current;
      return actionsHere().find((action) => action.keys?.includes(key))?.act;
    };
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTyping(event)) return;
      // A link or button that has the focus is pressed by Enter as everywhere.
      if (event.key === "Enter" && event.target instanceof HTMLElement && event.target.closest("a, button")) return;
      const act = actOf(event.key);
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [navigate, places]);
}
