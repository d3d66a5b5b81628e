/** By what a list of tickets is narrowed, and which choices there are with how many tickets behind each. */
import type { TicketRow } from "../api/types";
import { runningClocks } from "../words/clocks";

export const FACETS = ["type", "kind", "region", "model", "fault", "source", "priority", "person", "risk"] as const;
export type Facet = (typeof FACETS)[number];
export type Chosen = Partial<Record<Facet, string>>;

/** What stands for "nobody" and "none" in an address. */
export const NONE = "-";
const DAY = 86_400_000;

/** What a ticket is under a facet, as the address spells it. */
export function facetOf(ticket: TicketRow, facet: Facet, now: number): string {
  if (facet === "fault") return ticket.fault_mode ?? NONE;
  if (facet === "person") return ticket.assignee ?? NONE;
  if (facet === "priority") return String(ticket.priority);
  if (facet === "risk") return riskOf(ticket, now);
  return ticket[facet] ?? NONE;
}

/** How a ticket stands to what was promised: late, a day or less left, in time, or no clock runs. */
export function riskOf(ticket: TicketRow, now: number): string {
  const promised = runningClocks(ticket).filter((clock) => clock.kind !== "fails");
  if (promised.length === 0) return NONE;
  const left = Math.min(...promised.map((clock) => clock.at)) - now;
  return left < 0 ? "late" : left < DAY ? "soon" : "calm";
}

/** What the address chooses. */
export function chosenOf(search: URLSearchParams): Chosen {
  return Object.fromEntries(FACETS.flatMap((facet) => (search.get(facet) ? [[facet, search.get(facet)]] : [])));
}

/** Whether a ticket is all that was chosen. */
export function matchesChosen(ticket: TicketRow, chosen: Chosen, now: number): boolean {
  return FACETS.every((facet) => chosen[facet] === undefined || facetOf(ticket, facet, now) === chosen[facet]);
}

/** The choices of a facet and their counts, the most frequent first; the one that is chosen is always among them. */
export function choicesOf(
  tickets: TicketRow[],
  facet: Facet,
  now: number,
  chosen: string | undefined,
): [string, number][] {
  const counts = new Map<string, number>(chosen === undefined ? [] : [[chosen, 0]]);
  for (const ticket of tickets) {
    const value = facetOf(ticket, facet, now);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([one, many], [other, more]) => more - many || one.localeCompare(other));
}
