/** What of an address is a view of the queue, and how many tickets a kept one holds. */
import type { TicketRow } from "../api/types";
import { chosenOf, FACETS, matchesChosen } from "./facets";
import { chooseView, matchesFilter, viewOf } from "./views";

const PARTS = ["view", "sort", "q", ...FACETS];

/** The view, order, words and filters of an address, always in one order; empty where it is the plain queue. */
export function addressOf(search: URLSearchParams): string {
  const parts = PARTS.flatMap((name) => (search.get(name) ? [[name, search.get(name) ?? ""]] : []));
  return new URLSearchParams(parts).toString();
}

/** How many of the open tickets a kept view shows; null of one that shows what is over. */
export function countOf(
  address: string,
  open: TicketRow[],
  { me, now, called }: { me: string; now: number; called: (ticket: TicketRow) => string[] },
): number | null {
  const search = new URLSearchParams(address);
  const view = viewOf(search.get("view"));
  if (view === "closed") return null;
  const [words, chosen] = [search.get("q") ?? "", chosenOf(search)];
  return chooseView(open, view, me, now).filter(
    (ticket) => matchesChosen(ticket, chosen, now) && matchesFilter(ticket, words, called),
  ).length;
}
