/** The two clocks of a ticket: what was promised to the customer, and when the part is expected to fail. */
import type { TicketRow } from "../api/types";
import { toMs, type When } from "./format";

export interface Clock {
  kind: "respond" | "resolve" | "fails";
  at: number;
}

/** Statuses in which nobody has answered yet. */
const UNANSWERED = new Set(["open"]);
const OVER = new Set(["closed", "cancelled", "repaired"]);

/** The clocks that run, the nearer first. A paused promise doesn't run; a prediction always does. */
export function runningClocks(ticket: TicketRow): Clock[] {
  if (OVER.has(ticket.status)) return [];
  const clocks: Clock[] = [];
  const add = (kind: Clock["kind"], when: When) => {
    const at = toMs(when);
    if (at !== null) clocks.push({ kind, at });
  };
  if (!ticket.sla.paused_reason) {
    if (UNANSWERED.has(ticket.status)) add("respond", ticket.sla.respond_by);
    add("resolve", ticket.sla.resolve_by);
  }
  add("fails", ticket.failure_window?.from);
  return clocks.sort((one, other) => one.at - other.at);
}

/** Whether a promise ends before this local day does. */
export function isDueToday(ticket: TicketRow, now: number): boolean {
  const end = new Date(now).setHours(24, 0, 0, 0);
  return runningClocks(ticket).some((clock) => clock.kind !== "fails" && clock.at < end);
}
