/** The steps that close a ticket with what was found, in the order that its life cycle takes them. */
import type { Step } from "../api/tickets";
import type { TicketRow, Verdict } from "../api/types";

export const VERDICTS: Verdict[] = ["confirmed", "other_fault", "no_fault_found", "usage", "self_cleared"];

/** A verdict is taken from in_progress on, and of a closed ticket: where it can't come first it comes last. */
export function closing(ticket: TicketRow, verdict: Verdict | null, note: string): Step[] {
  const close: Step = { step: "close", body: note ? { note } : {}, seen: ticket.version };
  if (verdict === null) return [close];
  const judge: Step = { step: "verdict", body: { verdict } };
  if (ticket.legal_steps.includes("verdict"))
    return [
      { ...judge, seen: ticket.version },
      { ...close, seen: undefined },
    ];
  return [close, judge];
}
