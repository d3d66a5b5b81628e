/** In which order tickets stand: what to do next, what is due, what weighs most, what came last. */
import type { TicketRow } from "../api/types";
import { runningClocks } from "../words/clocks";

export const ORDERS = ["next", "due", "priority", "newest"] as const;
export type Order = (typeof ORDERS)[number];

/** The order that an address names; the first one where it names none. */
export function orderOf(name: string | null): Order {
  return ORDERS.find((one) => one === name) ?? "next";
}

/** The tickets in an order, in a new list. */
export function inOrder(tickets: TicketRow[], order: Order): TicketRow[] {
  const keyed = tickets.map((ticket) => ({ ticket, key: keyOf(ticket, order) }));
  keyed.sort((one, other) => compare(one.key, other.key));
  return keyed.map(({ ticket }) => ticket);
}

/** Smaller comes first, the first number that differs decides. Within a priority the nearer clock is next; what is held waits behind what runs. */
function keyOf(ticket: TicketRow, order: Order): number[] {
  const due = runningClocks(ticket)[0]?.at ?? Number.POSITIVE_INFINITY;
  const held = ticket.status === "on_hold" ? 1 : 0;
  if (order === "newest") return [-ticket.number];
  if (order === "due") return [due, ticket.priority, ticket.number];
  if (order === "priority") return [ticket.priority, -(ticket.severity ?? 0), ticket.number];
  return [held, ticket.priority, due, ticket.number];
}

function compare(one: number[], other: number[]): number {
  for (const [at, value] of one.entries()) if (value !== other[at]) return value < (other[at] ?? 0) ? -1 : 1;
  return 0;
}
