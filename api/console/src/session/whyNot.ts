/** Why something did not come about in a session, in the reader's language. */
import type { Say } from "../i18n";
import { endReason } from "../words/names";

/** A word of ours or of the appliance's interlocks; what an appliance says in its own words stays. */
export function whyNot(reason: string, t: Say): string {
  const obstacle = t(`session.obstacles.${reason}`, { defaultValue: reason });
  return endReason(reason, t, t(`session.failures.${reason}`, { defaultValue: obstacle }));
}
