/** The tickets as rows; only those in sight are in the page, so ten thousand scroll like ten. */
import { Skeleton } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { IconAlertTriangle, IconClock, IconClockPause } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { Link } from "react-router";

import type { Ticket } from "../api/types";
import { type Say, useWords } from "../i18n";
import { runningClocks } from "../words/clocks";
import { formatSpan } from "../words/format";
import { PriorityMark, StatusMark } from "../words/Marks";
import { ticketTitle, useNames } from "../words/names";
import { useNow } from "../words/now";

const ROW_PX = 76;

interface TicketListProps {
  /** Null while the first answer is awaited. */
  tickets: Ticket[] | null;
  chosen: number | null;
  href: (ticket: Ticket) => string;
}

export function TicketList({ tickets, chosen, href }: TicketListProps) {
  const { t } = useWords();
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: tickets?.length ?? 0,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  });
  const at = tickets?.findIndex((ticket) => ticket.number === chosen) ?? -1;
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at);
  }, [at, rows]);
  if (tickets === null) return <Skeletons />;
  if (tickets.length === 0) return <p className="list-empty">{t("queue.noneText")}</p>;
  return (
    <div ref={box} className="list-scroll">
      <ul style={{ height: rows.getTotalSize() }} className="list">
        {rows.getVirtualItems().map((row) => {
          const ticket = tickets[row.index];
          return (
            ticket && (
              <li key={ticket.id} style={{ transform: `translateY(${row.start}px)`, height: ROW_PX }}>
                <Row ticket={ticket} isChosen={ticket.number === chosen} to={href(ticket)} />
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

function Row({ ticket, isChosen, to }: { ticket: Ticket; isChosen: boolean; to: string }) {
  const names = useNames();
  return (
    <Link to={to} replace className="row" aria-current={isChosen || undefined} data-ticket={ticket.number}>
      <span className="row-top">
        <span className="row-title">{ticketTitle(ticket, names)}</span>
        <PriorityMark priority={ticket.priority} />
      </span>
      <span className="row-mid">
        #{ticket.number} · {names.kind(ticket.kind)} · {ticket.appliance_id}
      </span>
      <span className="row-top">
        <ClockLine ticket={ticket} />
        <StatusMark status={ticket.status} />
      </span>
    </Link>
  );
}

/** The nearer clock of a ticket in words. */
export function ClockLine({ ticket }: { ticket: Ticket }) {
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
  const tone = left < 0 ? "bad" : left < 4 * 3_600_000 ? "warn" : "";
  const span = formatSpan(left, language);
  return (
    <span className={`clock ${tone}`}>
      <IconClock size={14} aria-hidden /> {t(`queue.${clock.kind}`)}{" "}
      {t(left < 0 ? "queue.overdue" : "queue.left", { span })}
    </span>
  );
}

/** "fails in 6–11 days (80 %)". */
export function failsText(ticket: Ticket, t: Say, language: string, now: number): string {
  const window = ticket.failure_window;
  if (!window) return "";
  const day = 86_400_000;
  const [from, to] = [Date.parse(window.from), Date.parse(window.to)].map((ms) =>
    Math.max(0, Math.round((ms - now) / day)),
  );
  const coverage = new Intl.NumberFormat(language, { style: "percent" }).format(window.coverage);
  return t(to === 0 ? "ticket.failsNow" : "ticket.fails", { from, to, coverage });
}

function Skeletons() {
  return (
    <div className="list-scroll" aria-hidden>
      {Array.from({ length: 8 }, (_, index) => (
        <div key={index} className="row">
          <Skeleton height={12} width="70%" mb={9} />
          <Skeleton height={10} width="45%" mb={9} />
          <Skeleton height={10} width="85%" />
        </div>
      ))}
    </div>
  );
}
