/** Which tickets of a list are picked to be worked on together. */
import { useState } from "react";

export interface Selection {
  picked: ReadonlySet<number>;
  /** Pick or unpick one, or with the last one all between. */
  toggle: (number: number, isRange?: boolean) => void;
  clear: () => void;
}

const NOTHING: ReadonlySet<number> = new Set();

/** What is no longer in the list is no longer picked. */
export function useSelection(numbers: number[]): Selection {
  const [all, setAll] = useState(NOTHING);
  const [last, setLast] = useState<number | null>(null);
  const picked = all.size === 0 ? NOTHING : new Set(numbers.filter((number) => all.has(number)));
  return {
    picked,
    toggle: (number, isRange = false) => {
      // What is picked now, not what was at the last drawing: keys may come faster than the page is drawn.
      setAll((before) => {
        const now = new Set(numbers.filter((one) => before.has(one)));
        return isRange && last !== null ? withRange(now, numbers, last, number) : withToggled(now, number);
      });
      setLast(number);
    },
    clear: () => setAll(NOTHING),
  };
}

export function withToggled(picked: ReadonlySet<number>, number: number): ReadonlySet<number> {
  const after = new Set(picked);
  if (!after.delete(number)) after.add(number);
  return after;
}

export function withRange(picked: ReadonlySet<number>, numbers: number[], one: number, other: number) {
  const [a, b] = [numbers.indexOf(one), numbers.indexOf(other)].sort((first, second) => first - second);
  return new Set([...picked, ...numbers.slice(a, (b ?? 0) + 1)]);
}
