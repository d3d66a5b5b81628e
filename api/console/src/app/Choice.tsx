/** One of a few values of a filter, as chips; the choice lives in the address. */
import { useSearchParams } from "react-router";

import { useChange } from "./address";

interface ChoiceProps {
  /** The filter's name in the address. */
  name: string;
  label: string;
  /** What may be chosen, each with its words. */
  values: [string, string][];
  /** What holds where the address says nothing; it leaves the address. */
  start: string;
}

export function Choice({ name, label, values, start }: ChoiceProps) {
  const change = useChange();
  const chosen = useChosen(name, values, start);
  return (
    <div className="chips flat" role="group" aria-label={label}>
      {values.map(([value, words]) => (
        <button
          key={value}
          type="button"
          className="chip"
          aria-pressed={value === chosen}
          onClick={() => change({ [name]: value === start ? null : value })}
        >
          {words}
        </button>
      ))}
    </div>
  );
}

/** What the address says, if it is one of the values. */
export function useChosen(name: string, values: [string, string][], start: string): string {
  const [search] = useSearchParams();
  const said = search.get(name);
  return values.find(([value]) => value === said)?.[0] ?? start;
}
