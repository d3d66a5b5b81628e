/** The saved views of the queue: which of the loaded tickets each one holds. Counts are the lengths of these lists. */
import type { TicketRow } from "../api/types";
import { isDueToday } from "../words/clocks";

export const VIEWS = ["open", "mine", "unassigned", "remote", "customer", "breach", "hold", "closed"] as const;
export type View = (typeof VIEWS)[number];

/** The view that an address names; the first one where it names none. */
export function viewOf(name: string | null): View {
  return VIEWS.find((one) => one === name) ?? "open";
}

/** The tickets of a view, in a new list. */
export function chooseView(tickets: TicketRow[], view: View, me: string, now: number): TicketRow[] {
  return tickets.filter((ticket) => {
    if (view === "mine") return ticket.assignee === me;
    if (view === "unassigned") return ticket.assignee === null;
    if (view === "remote") return ticket.remote_first === true;
    if (view === "customer") return ticket.status === "on_hold" && ticket.pause === "customer";
    if (view === "breach") return isDueToday(ticket, now);
    if (view === "hold") return ticket.status === "on_hold";
    return true;
  });
}

/** How many tickets each view holds. */
export function countsOf(tickets: TicketRow[], me: string, now: number): Map<View, number> {
  return new Map(VIEWS.map((view) => [view, chooseView(tickets, view, me, now).length]));
}

/** Whether a ticket holds every word of the filter in its number, title, appliance, model or assignee, or in what the page calls them. */
export function matchesFilter(ticket: TicketRow, filter: string, called: (ticket: TicketRow) => string[]): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = [
    ...called(ticket),
    `#${ticket.number}`,
    ticket.title,
    ticket.appliance_id,
    ticket.kind,
    ticket.model,
    ticket.region,
    ticket.assignee,
    ticket.fault_mode,
  ]
    .join(" ")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}
