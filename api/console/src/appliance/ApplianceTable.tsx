/** Appliances as rows: only those in sight are in the page, the next are fetched on the way down, headers set the order. */
import { Skeleton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useRef } from "react";

import type { Appliance, ApplianceSort } from "../api/types";
import { useFollow } from "../app/follow";
import { useActions } from "../app/keys";
import { type Say, useWords } from "../i18n";
import { formatShare, formatSpan, formatUtc, toMs } from "../words/format";
import { conditionClass } from "../words/Marks";
import { type Names, useNames } from "../words/names";
import { useNow } from "../words/now";
import { HealthBar } from "./HealthBar";

const ROW_PX = 38;
const NARROW_ROW_PX = 84;
const COLUMNS = ["id", "kind", "condition", "health", "availability", "seen", "region", "tickets"] as const;
/** The orders that a column's header leads through, with which way each one runs. */
const ORDERS: Record<string, [ApplianceSort, "ascending" | "descending"][]> = {
  id: [["newest", "descending"]],
  condition: [["gravest", "descending"]],
  health: [["failing", "descending"]],
  seen: [
    ["seen", "descending"],
    ["silent", "ascending"],
  ],
};

interface ApplianceTableProps {
  /** Null while the first answer is awaited. */
  items: Appliance[] | null;
  hasMore: boolean;
  onEnd: () => void;
  sort: ApplianceSort;
  onSort: (sort: ApplianceSort) => void;
}

export function ApplianceTable({ items, hasMore, onEnd, sort, onSort }: ApplianceTableProps) {
  const { t, language } = useWords();
  const names = useNames();
  const now = useNow();
  const follow = useFollow();
  const isNarrow = useMediaQuery("(max-width: 999px)", false, { getInitialValueInEffect: false });
  const box = useRef<HTMLDivElement>(null);
  const count = items?.length ?? 0;
  const height = isNarrow ? NARROW_ROW_PX : ROW_PX;
  const rows = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 12,
  });
  useEffect(() => rows.measure(), [height]);
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= count - 60) onEnd();
  }, [hasMore, last, count]);
  useRowKeys(box, count, rows.scrollToIndex);
  return (
    <div ref={box} className="card flush fill" role="region" aria-label={t("appliances.title")} tabIndex={0}>
      <div className="appliances" role="table" aria-label={t("appliances.title")} aria-rowcount={count + 1}>
        <div role="row" className="appliances-head">
          {COLUMNS.map((column) => (
            <Header key={column} column={column} sort={sort} onSort={onSort} />
          ))}
        </div>
        <div role="rowgroup" style={{ height: rows.getTotalSize() }} onClick={follow}>
          {shown.map(({ index, start }) => {
            const item = items?.[index];
            if (!item) return null;
            const seen = seenWords(item, t, language, now);
            const place = { at: index, start, height };
            return (
              <Row key={item.id} appliance={item} seen={seen} names={names} t={t} language={language} {...place} />
            );
          })}
        </div>
      </div>
      {items === null && <Waiting />}
      {count === 0 && items !== null && <p className="list-empty">{t("appliances.none")}</p>}
    </div>
  );
}

interface HeaderProps {
  column: string;
  sort: ApplianceSort;
  onSort: (sort: ApplianceSort) => void;
}

function Header({ column, sort, onSort }: HeaderProps) {
  const { t } = useWords();
  const orders = ORDERS[column];
  const words = t(`appliances.columns.${column}`);
  if (!orders) return <span role="columnheader">{words}</span>;
  const at = orders.findIndex(([one]) => one === sort);
  const next = orders[(at + 1) % orders.length]?.[0] ?? "newest";
  return (
    <span role="columnheader" aria-sort={orders[at]?.[1] ?? "none"}>
      <button type="button" className="sorter" title={t(`appliances.sorts.${next}`)} onClick={() => onSort(next)}>
        {words}
        {at >= 0 &&
          (orders[at]?.[1] === "ascending" ? (
            <IconArrowUp size={13} aria-hidden />
          ) : (
            <IconArrowDown size={13} aria-hidden />
          ))}
      </button>
    </span>
  );
}

/** j and k go from row to row, also to those that are not in the page yet. */
function useRowKeys(box: React.RefObject<HTMLDivElement | null>, count: number, scroll: (index: number) => void): void {
  const { t } = useWords();
  const move = (step: number) => {
    const here = document.activeElement?.closest<HTMLElement>("[data-at]")?.dataset.at;
    const to = Math.min(Math.max(here === undefined ? 0 : Number(here) + step, 0), count - 1);
    scroll(to);
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-at="${to}"] a`)?.focus());
  };
  useActions([
    { label: t("keys.next"), keys: ["j"], act: () => move(1), isMove: true },
    { label: t("keys.previous"), keys: ["k"], act: () => move(-1), isMove: true },
  ]);
}

interface RowProps {
  appliance: Appliance;
  /** How long ago it was heard last. */
  seen: string;
  at: number;
  /** Where in the list it stands, in pixels. */
  start: number;
  height: number;
  t: Say;
  names: Names;
  language: string;
}

/** Few and plain elements that listen to nothing: a screen of them changes with each frame of a quick scroll. */
const Row = memo(function Row({ appliance, seen, at, start, height, t, names, language }: RowProps) {
  const { id, kind, model, condition, availability, region, open_tickets, failing_30d } = appliance;
  const lastMs = toMs(appliance.last_seen);
  // The component that is worst off stands for the appliance.
  const [worst] = Object.entries(appliance.health).sort(([, one], [, other]) => one - other);
  return (
    <div role="row" data-at={at} aria-rowindex={at + 2} style={{ top: start, height }}>
      <span role="cell">
        <a className="strong" href={`/appliances/${encodeURIComponent(id)}`}>
          {id}
        </a>
      </span>
      <span role="cell">
        {names.kind(kind)} {model && <span className="dim">{model}</span>}
      </span>
      <span role="cell">
        <span className={conditionClass(condition)}>{t(`condition.${condition}`)}</span>
      </span>
      <span
        role="cell"
        title={
          failing_30d === null ? undefined : t("appliances.failing", { share: formatShare(failing_30d, language) })
        }
      >
        {worst ? <HealthBar component={worst[0]} health={worst[1]} names={names} language={language} /> : t("none")}
      </span>
      <span role="cell" className={`presence drawn-dot ${availability}`}>
        {t(`availability.${availability}`)}
      </span>
      <span role="cell" title={lastMs === null ? undefined : formatUtc(lastMs)}>
        {seen}
      </span>
      <span role="cell">{region ? names.region(region) : t("none")}</span>
      <span role="cell" className="numbers">
        {open_tickets.map((number) => (
          <a key={number} href={`/tickets/${number}`}>{`#${number}`}</a>
        ))}
      </span>
    </div>
  );
});

function seenWords({ last_seen }: Appliance, t: Say, language: string, now: number): string {
  const ms = toMs(last_seen);
  return ms === null ? t("none") : t("ago", { span: formatSpan(now - ms, language) });
}

function Waiting() {
  return (
    <div aria-hidden>
      {Array.from({ length: 12 }, (_, index) => (
        <Skeleton key={index} height={16} my={11} mx={10} width="auto" />
      ))}
    </div>
  );
}
