/** Technicians by days: each cell is a day's way as bars on its hours. Only the rows in sight are in the page. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useMemo, useRef } from "react";

import type { Board, BoardRow, BoardVisit } from "../api/types";
import { useWords } from "../i18n";
import { clockOf, shortDay } from "../words/days";

const ROW_PX = 52;

interface GridProps {
  board: Board;
  today: string;
  at: { technician: string; day: string } | null;
  onCell: (technician: string, day: string) => void;
  onDrag: ((visit: string) => void) | undefined;
  onDrop: (technician: string, day: string) => void;
}

export function Grid({ board, today, at, onCell, onDrag, onDrop }: GridProps) {
  const { t, language } = useWords();
  const box = useRef<HTMLDivElement>(null);
  const hours = useMemo(() => hoursOf(board), [board]);
  const visits = useMemo(() => byCell(board.visits), [board]);
  const rows = useVirtualizer({
    count: board.rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
  });
  const atRow = board.rows.findIndex((one) => one.technician_id === at?.technician);
  useEffect(() => {
    if (atRow >= 0) rows.scrollToIndex(atRow);
  }, [atRow, rows]);
  const columns = {
    gridTemplateColumns: `var(--who) repeat(${board.days.length}, minmax(${board.days.length > 7 ? 66 : 92}px, 1fr))`,
  };
  return (
    <div
      ref={box}
      className="board-grid"
      role="grid"
      tabIndex={0}
      aria-label={t("nav.board")}
      aria-rowcount={board.rows.length + 1}
      aria-colcount={board.days.length + 1}
      aria-activedescendant={at ? cellId(at.technician, at.day) : undefined}
      onClick={(event) => {
        const cell = cellOf(event.target);
        if (cell) onCell(...cell);
      }}
      onDragStart={(event) => {
        const bar = event.target instanceof HTMLElement ? event.target.dataset.visit : undefined;
        if (!bar || !onDrag) return event.preventDefault();
        event.dataTransfer.setData("text/plain", bar);
        onDrag(bar);
      }}
      onDragOver={(event) => cellOf(event.target) && event.preventDefault()}
      onDrop={(event) => {
        const cell = cellOf(event.target);
        if (!cell) return;
        event.preventDefault();
        onDrop(...cell);
      }}
    >
      <div className="board-days" role="row" style={columns}>
        <span role="columnheader">{t("board.technicians", { count: board.rows.length })}</span>
        {board.days.map((day) => (
          <span key={day} role="columnheader" className={day === today ? "here" : undefined}>
            {shortDay(day, language)}
          </span>
        ))}
      </div>
      <div role="rowgroup" className="board-rows" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const row = board.rows[index];
          return (
            row && (
              <div
                key={row.technician_id}
                role="row"
                aria-rowindex={index + 2}
                className="board-row"
                style={{ ...columns, height: ROW_PX, transform: `translateY(${start}px)` }}
              >
                <span role="rowheader" className="board-who" title={row.technician}>
                  {row.technician}
                </span>
                <Days
                  row={row}
                  visits={visits}
                  hours={hours}
                  chosen={index === atRow ? (at?.day ?? null) : null}
                  mayDrag={onDrag !== undefined}
                />
              </div>
            )
          );
        })}
      </div>
      {board.left_off > 0 && <p className="list-foot">{t("board.leftOff", { count: board.left_off })}</p>}
    </div>
  );
}

interface DaysProps {
  row: BoardRow;
  visits: Map<string, BoardVisit[]>;
  hours: [number, number];
  chosen: string | null;
  mayDrag: boolean;
}

const Days = memo(function Days({ row, visits, hours, chosen, mayDrag }: DaysProps) {
  const { t, language } = useWords();
  const place = (from: number, to: number) => {
    const [start, end] = hours;
    const left = Math.max(0, (from - start) / (end - start));
    const right = Math.min(1, (to - start) / (end - start));
    return { left: `${100 * left}%`, width: `${Math.max(1.5, 100 * (right - left))}%` };
  };
  return (
    <>
      {row.days.map(({ day, spans, absence }) => {
        const there = visits.get(`${row.technician_id}~${day}`) ?? [];
        const shift = spans.map(([from, to]) => `${clockOf(from)}–${clockOf(to)}`).join(t("comma"));
        const state = absence ? t(`people.reasons.${absence}`) : shift || t("board.off");
        return (
          <div
            key={day}
            role="gridcell"
            id={cellId(row.technician_id, day)}
            className="board-cell"
            data-technician={row.technician_id}
            data-day={day}
            aria-selected={day === chosen}
            aria-label={`${row.technician}${t("comma")}${shortDay(day, language)}${t("comma")}${t("board.visits", { count: there.length })}${t("comma")}${state}`}
          >
            {spans.map(([from, to]) => (
              <i key={from} className="board-shift" style={place(from, to)} />
            ))}
            {there.map((one) => (
              <b
                key={one.id}
                className={`board-bar ${one.status}${one.is_amiss ? " amiss" : ""}${one.is_locked ? " locked" : ""}`}
                style={place(one.from_min, one.to_min)}
                draggable={mayDrag && (one.status === "planned" || one.status === "confirmed")}
                data-visit={one.id}
                title={`${clockOf(one.from_min)} ${one.numbers.map((number) => `#${number}`).join(" ")}`}
              >
                {one.numbers[0]}
              </b>
            ))}
            <span className="board-note">
              {absence
                ? t(`people.reasons.${absence}`)
                : there.length > 0
                  ? there.length
                  : spans.length > 0
                    ? ""
                    : t("board.off")}
            </span>
          </div>
        );
      })}
    </>
  );
});

function cellId(technician: string, day: string): string {
  return `cell-${technician}-${day}`;
}

function cellOf(target: EventTarget): [string, string] | undefined {
  const cell = target instanceof HTMLElement ? target.closest<HTMLElement>("[data-technician]") : null;
  return cell?.dataset.technician && cell.dataset.day ? [cell.dataset.technician, cell.dataset.day] : undefined;
}

function byCell(visits: BoardVisit[]): Map<string, BoardVisit[]> {
  const found = new Map<string, BoardVisit[]>();
  for (const one of visits) {
    const key = `${one.technician_id}~${one.day}`;
    const there = found.get(key);
    if (there) there.push(one);
    else found.set(key, [one]);
  }
  return found;
}

/** The hours that the cells show: from the first that somebody works to the last, 8 to 17 at the least. */
function hoursOf(board: Board): [number, number] {
  let [first, last] = [8 * 60, 17 * 60];
  const widen = (from: number, to: number) => {
    first = Math.min(first, from);
    last = Math.max(last, to);
  };
  for (const row of board.rows) for (const day of row.days) for (const [from, to] of day.spans) widen(from, to);
  for (const one of board.visits) widen(one.from_min, Math.max(one.to_min, one.from_min));
  return [first, last];
}
