/** The nearer clock of a ticket in words. */
import { IconAlertTriangle, IconClock, IconClockPause } from "@tabler/icons-react";

import type { TicketRow } from "../api/types";
import { type Say, useWords } from "../i18n";
import { runningClocks } from "../words/clocks";
import { formatShare, formatSpan, toMs } from "../words/format";
import { useNow } from "../words/now";

const DAY = 86_400_000;
const SOON = 4 * 3_600_000;

export function ClockLine({ ticket }: { ticket: TicketRow }) {
  const { t, language } = useWords();
  const now = useNow();
  const [clock] = runningClocks(ticket);
  if (ticket.sla.paused_reason && clock?.kind !== "fails") {
    return (
      <span className="clock" title={ticket.sla.paused_reason}>
        <IconClockPause size={14} aria-hidden /> {t("queue.paused")}
      </span>
    );
  }
  if (!clock) return <span className="clock">{t("queue.noClock")}</span>;
  if (clock.kind === "fails") {
    return (
      <span className="clock warn">
        <IconAlertTriangle size={14} aria-hidden /> {failsText(ticket, t, language, now)}
      </span>
    );
  }
  const left = clock.at - now;
  const tone = left < 0 ? "bad" : left < SOON ? "warn" : "";
  const span = formatSpan(left, language);
  return (
    <span className={`clock ${tone}`}>
      <IconClock size={14} aria-hidden /> {t(`queue.${clock.kind}`)}{" "}
      {t(left < 0 ? "queue.overdue" : "queue.left", { span })}
    </span>
  );
}

/** "fails in 6–11 days (80 %)". */
export function failsText(ticket: TicketRow, t: Say, language: string, now: number): string {
  const window = ticket.failure_window;
  if (!window) return "";
  const [from, to] = [window.from, window.to].map((at) => Math.max(0, Math.round(((toMs(at) ?? now) - now) / DAY)));
  return t(to === 0 ? "ticket.failsNow" : "ticket.fails", {
    from,
    to,
    coverage: formatShare(window.coverage, language),
  });
}
