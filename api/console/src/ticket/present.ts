/** What a ticket's history says about the present. */
import type { Ticket } from "../api/types";

/** Lines that say whether the finding stands: the last one counts. */
const STANDING = new Set(["open", "reopen", "evidence_updated", "relabelled"]);

/** Since when the finding is no longer seen, or null while it stands. */
export function clearedAt(ticket: Ticket): string | null {
  let cleared: string | null = null;
  for (const entry of ticket.history) {
    if (entry.event === "finding_cleared") cleared = entry.at;
    else if (STANDING.has(entry.event)) cleared = null;
  }
  return cleared;
}
