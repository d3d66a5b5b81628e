/** Appliances as rows: only those in sight are in the page, the next are fetched on the way down, headers set the order. */
import { Skeleton, Table } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useRef } from "react";
import { Link } from "react-router";

import type { Appliance, ApplianceSort } from "../api/types";
import { useActions } from "../app/keys";
import { useWords } from "../i18n";
import { AvailabilityMark, ConditionMark } from "../words/Marks";
import { Moment } from "../words/Moment";
import { type Names, useNames } from "../words/names";
import { HealthBar } from "./HealthBar";

const ROW_PX = 38;
const COLUMNS = ["id", "kind", "condition", "health", "availability", "seen", "region", "tickets"];
/** The orders that a column's header leads through, with which way each one runs. */
const ORDERS: Record<string, [ApplianceSort, "ascending" | "descending"][]> = {
  id: [["newest", "descending"]],
  condition: [["gravest", "descending"]],
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
  const { t } = useWords();
  const names = useNames();
  const box = useRef<HTMLDivElement>(null);
  const count = items?.length ?? 0;
  const rows = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= count - 30) onEnd();
  }, [hasMore, last, count]);
  useRowKeys(box, count, rows.scrollToIndex);
  const above = shown[0]?.start ?? 0;
  const below = rows.getTotalSize() - (shown.at(-1)?.end ?? 0);
  return (
    <div ref={box} className="card flush fill" role="region" aria-label={t("appliances.title")} tabIndex={0}>
      <Table stickyHeader highlightOnHover className="appliances" aria-rowcount={count + 1}>
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map((column) => (
              <Header key={column} column={column} sort={sort} onSort={onSort} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items === null && <Waiting />}
          {above > 0 && <tr aria-hidden style={{ height: above }} />}
          {shown.map(({ index }) => {
            const item = items?.[index];
            return item && <Row key={item.id} appliance={item} at={index} names={names} />;
          })}
          {below > 0 && <tr aria-hidden style={{ height: below }} />}
        </Table.Tbody>
      </Table>
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
  if (!orders) return <Table.Th>{words}</Table.Th>;
  const at = orders.findIndex(([one]) => one === sort);
  const next = orders[(at + 1) % orders.length]?.[0] ?? "newest";
  return (
    <Table.Th aria-sort={orders[at]?.[1] ?? "none"}>
      <button type="button" className="sorter" title={t(`appliances.sorts.${next}`)} onClick={() => onSort(next)}>
        {words}
        {at >= 0 &&
          (orders[at]?.[1] === "ascending" ? (
            <IconArrowUp size={13} aria-hidden />
          ) : (
            <IconArrowDown size={13} aria-hidden />
          ))}
      </button>
    </Table.Th>
  );
}

/** j and k go from row to row, also to those that are not in the page yet. */
function useRowKeys(box: React.RefObject<HTMLDivElement | null>, count: number, scroll: (index: number) => void): void {
  const { t } = useWords();
  const move = (step: number) => {
    const here = document.activeElement?.closest("tr")?.dataset.at;
    const to = Math.min(Math.max(here === undefined ? 0 : Number(here) + step, 0), count - 1);
    scroll(to);
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`tr[data-at="${to}"] a`)?.focus());
  };
  useActions([
    { label: t("keys.next"), keys: ["j"], act: () => move(1), isMove: true },
    { label: t("keys.previous"), keys: ["k"], act: () => move(-1), isMove: true },
  ]);
}

/** Plain cells: thirty rows change with each screen that is scrolled by, and a styled cell costs ten times as much. */
const Row = memo(function Row({ appliance, at, names }: { appliance: Appliance; at: number; names: Names }) {
  const { t } = useWords();
  return (
    <tr data-at={at} aria-rowindex={at + 2} style={{ height: ROW_PX }}>
      <td>
        <Link className="strong" to={`/appliances/${encodeURIComponent(appliance.id)}`}>
          {appliance.id}
        </Link>
      </td>
      <td>
        {names.kind(appliance.kind)} <span className="dim">{appliance.model}</span>
      </td>
      <td>
        <ConditionMark condition={appliance.condition} />
      </td>
      <td>
        <Worst health={appliance.health} names={names} />
      </td>
      <td>
        <AvailabilityMark availability={appliance.availability} />
      </td>
      <td>
        <Moment at={appliance.last_seen} as="ago" />
      </td>
      <td>{appliance.region ? names.region(appliance.region) : t("none")}</td>
      <td>
        <span className="numbers">
          {appliance.open_tickets.map((number) => (
            <Link key={number} to={`/tickets/${number}`}>
              #{number}
            </Link>
          ))}
        </span>
      </td>
    </tr>
  );
});

/** The component that is worst off stands for the appliance. */
function Worst({ health, names }: { health: Record<string, number>; names: Names }) {
  const { t } = useWords();
  const [worst] = Object.entries(health).sort(([, one], [, other]) => one - other);
  return worst ? (
    <HealthBar component={worst[0]} health={worst[1]} names={names} />
  ) : (
    <span className="dim">{t("none")}</span>
  );
}

function Waiting() {
  return Array.from({ length: 12 }, (_, index) => (
    <Table.Tr key={index}>
      <Table.Td colSpan={COLUMNS.length}>
        <Skeleton height={16} />
      </Table.Td>
    </Table.Tr>
  ));
}
