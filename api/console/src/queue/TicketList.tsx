/** The tickets as rows; only those in sight are in the page, so ten thousand scroll like ten. */
import { Skeleton } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useMemo, useRef } from "react";
import { Link } from "react-router";

import type { TicketRow } from "../api/types";
import { useWords } from "../i18n";
import { ClearedMark, PriorityMark, StatusMark } from "../words/Marks";
import { type Names, ticketTitle, useNames } from "../words/names";
import { ClockLine } from "./ClockLine";

const ROW_PX = 76;

interface TicketListProps {
  /** Null while the first answer is awaited. */
  tickets: TicketRow[] | null;
  chosen: number | null;
  selected: ReadonlySet<number>;
  onSelect: ((number: number, isRange: boolean) => void) | undefined;
  href: (ticket: TicketRow) => string;
  /** What stands here where there are none. */
  empty: React.ReactNode;
}

export function TicketList({ tickets, chosen, selected, onSelect, href, empty }: TicketListProps) {
  const { t } = useWords();
  const names = useNames();
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: tickets?.length ?? 0,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  });
  const at = useMemo(() => tickets?.findIndex((ticket) => ticket.number === chosen) ?? -1, [tickets, chosen]);
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at);
  }, [at, rows]);
  if (tickets === null) return <Skeletons />;
  if (tickets.length === 0) return <p className="list-empty">{empty}</p>;
  return (
    <div ref={box} className={selected.size > 0 ? "list-scroll selecting" : "list-scroll"}>
      <ul style={{ height: rows.getTotalSize() }} className="list">
        {rows.getVirtualItems().map((row) => {
          const ticket = tickets[row.index];
          return (
            ticket && (
              <li key={ticket.number} style={{ transform: `translateY(${row.start}px)`, height: ROW_PX }}>
                <Row ticket={ticket} isChosen={ticket.number === chosen} to={href(ticket)} names={names} />
                {onSelect && (
                  <label className="pick">
                    <input
                      type="checkbox"
                      checked={selected.has(ticket.number)}
                      aria-label={t("queue.select", { number: ticket.number })}
                      onChange={() => undefined}
                      onClick={(event) => onSelect(ticket.number, event.shiftKey)}
                    />
                  </label>
                )}
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

interface RowProps {
  ticket: TicketRow;
  isChosen: boolean;
  to: string;
  names: Names;
}

const Row = memo(function Row({ ticket, isChosen, to, names }: RowProps) {
  const { t } = useWords();
  const where = [names.kind(ticket.kind), ticket.appliance_id, ticket.region && names.region(ticket.region)];
  return (
    <Link to={to} replace className="row" aria-current={isChosen || undefined} data-ticket={ticket.number}>
      <span className="row-top">
        <span className="row-title">{ticketTitle(ticket, names)}</span>
        <PriorityMark priority={ticket.priority} />
      </span>
      <span className="row-mid">
        #{ticket.number} · {where.filter(Boolean).join(" · ")}
      </span>
      <span className="row-top">
        <ClockLine ticket={ticket} />
        <span className="row-marks">
          {ticket.assignee && (
            <span className="row-who" title={t("ticket.assigned", { who: ticket.assignee })}>
              {ticket.assignee}
            </span>
          )}
          {ticket.cleared_at && <ClearedMark />}
          <StatusMark status={ticket.status} />
        </span>
      </span>
    </Link>
  );
});

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
