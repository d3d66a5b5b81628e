/** The nearer clock of a ticket in words. */
import type { TicketRow } from "../api/types";
import { type Say, useWords } from "../i18n";
import { runningClocks } from "../words/clocks";
import { formatShare, formatSpan, toMs } from "../words/format";
import { useNow } from "../words/now";

const DAY = 86_400_000;
const SOON = 4 * 3_600_000;

export interface ClockWords {
  words: string;
  icon: "" | "drawn i-clock" | "drawn i-paused" | "drawn i-alert";
  tone: "" | "warn" | "bad";
  /** Why it rests. */
  hint?: string | undefined;
}

export function clockWords(ticket: TicketRow, t: Say, language: string, now: number): ClockWords {
  const [clock] = runningClocks(ticket);
  if (ticket.sla.paused_reason && clock?.kind !== "fails") {
    return { words: t("queue.paused"), icon: "drawn i-paused", tone: "", hint: ticket.sla.paused_reason };
  }
  if (!clock) return { words: t("queue.noClock"), icon: "", tone: "" };
  if (clock.kind === "fails")
    return { words: failsText(ticket, t, language, now), icon: "drawn i-alert", tone: "warn" };
  const left = clock.at - now;
  const span = t(left < 0 ? "queue.overdue" : "queue.left", { span: formatSpan(left, language) });
  const tone = left < 0 ? "bad" : left < SOON ? "warn" : "";
  return { words: `${t(`queue.${clock.kind}`)} ${span}`, icon: "drawn i-clock", tone };
}

export function ClockLine({ ticket }: { ticket: TicketRow }) {
  const { t, language } = useWords();
  const { words, icon, tone, hint } = clockWords(ticket, t, language, useNow());
  return (
    <span className={`clock ${icon} ${tone}`} title={hint}>
      {words}
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
