/** The tickets as rows; only those in sight are in the page, so ten thousand scroll like ten. */
import { Skeleton } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useMemo, useRef } from "react";

import type { TicketRow } from "../api/types";
import { useFollow } from "../app/follow";
import { type Say, useWords } from "../i18n";
import { PRIORITY_TONES, STATUS_TONES } from "../words/Marks";
import { type Names, ticketTitle, useNames } from "../words/names";
import { useNow } from "../words/now";
import { type ClockWords, clockWords } from "./ClockLine";

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
  const { t, language } = useWords();
  const names = useNames();
  const now = useNow();
  const follow = useFollow({ replace: true });
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: tickets?.length ?? 0,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
  });
  const at = useMemo(() => tickets?.findIndex((ticket) => ticket.number === chosen) ?? -1, [tickets, chosen]);
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at);
  }, [at, rows]);
  const act = (event: React.MouseEvent) => {
    const number = event.target instanceof HTMLInputElement ? Number(event.target.value) : null;
    if (number === null) follow(event);
    else onSelect?.(number, event.shiftKey);
  };
  if (tickets === null) return <Skeletons />;
  if (tickets.length === 0) return <p className="list-empty">{empty}</p>;
  return (
    <div ref={box} className={selected.size > 0 ? "list-scroll selecting" : "list-scroll"}>
      <ul style={{ height: rows.getTotalSize() }} className="list" onClick={act}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const ticket = tickets[index];
          if (!ticket) return null;
          const clock = clockWords(ticket, t, language, now);
          const isSelected = onSelect ? selected.has(ticket.number) : null;
          const shared = { ticket, start, isSelected, t, names, to: href(ticket), isChosen: ticket.number === chosen };
          return <Row key={ticket.number} {...shared} {...clock} />;
        })}
      </ul>
    </div>
  );
}

interface RowProps extends ClockWords {
  ticket: TicketRow;
  /** Where in the list it stands, in pixels. */
  start: number;
  isChosen: boolean;
  /** Null where nothing can be selected. */
  isSelected: boolean | null;
  to: string;
  t: Say;
  names: Names;
}

/** Few and plain elements that listen to nothing: a screen of them changes with each frame of a quick scroll. */
const Row = memo(function Row({ ticket, start, isChosen, isSelected, to, t, names, ...clock }: RowProps) {
  const { number, priority, assignee, status } = ticket;
  const where = [names.kind(ticket.kind), ticket.appliance_id, ticket.region && names.region(ticket.region)];
  return (
    <li style={{ top: start, height: ROW_PX }}>
      <a href={to} className="row" aria-current={isChosen || undefined} data-ticket={number}>
        <span className="row-top">
          <span className="row-title">{ticketTitle(ticket, names)}</span>
          <span className={`mark ${PRIORITY_TONES[priority] ?? "calm"}`}>{t("ticket.priority", { priority })}</span>
        </span>
        <span className="row-mid">{`#${number} · ${where.filter(Boolean).join(" · ")}`}</span>
        <span className="row-top">
          <span className={`clock ${clock.icon} ${clock.tone}`} title={clock.hint}>
            {clock.words}
          </span>
          {assignee && (
            <span className="row-who" title={t("ticket.assigned", { who: assignee })}>
              {assignee}
            </span>
          )}
          {ticket.cleared_at && <span className="mark good">{t("ticket.cleared")}</span>}
          <span className={`mark ${STATUS_TONES[status]}`}>{t(`status.${status}`)}</span>
        </span>
      </a>
      {isSelected !== null && (
        <label className="pick">
          <input
            type="checkbox"
            value={number}
            checked={isSelected}
            aria-label={t("queue.select", { number })}
            onChange={() => undefined}
          />
        </label>
      )}
    </li>
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
