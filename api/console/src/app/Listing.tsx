/** A list in columns: named for screen readers, reached by keys, scrolled on its own where it is wider than the page. */
import { Table } from "@mantine/core";
import { useRef } from "react";

import { useWords } from "../i18n";
import { useActions } from "./keys";

interface ListingProps {
  name: string;
  columns: string[];
  /** What stands there when there is no row. */
  empty: string;
  rows: { key: string | number; cells: React.ReactNode[] }[];
  /** Whether the page is this list: j and k then move through its rows. */
  isMain?: boolean;
}

export function Listing({ name, columns, empty, rows, isMain = false }: ListingProps) {
  const box = useRowKeys(isMain);
  if (rows.length === 0) return <p className="dim">{empty}</p>;
  return (
    <div ref={box} className="listing" role="group" aria-label={name} tabIndex={0}>
      <Table verticalSpacing={5} fz="sm" role="table">
        <Table.Thead>
          <Table.Tr>
            {columns.map((column, at) =>
              column === "" ? <Table.Td key={at} /> : <Table.Th key={at}>{column}</Table.Th>,
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ key, cells }) => (
            <Table.Tr key={key} role="row">
              {cells.map((cell, at) => (
                <Table.Td key={at} role="cell" data-label={columns[at]}>
                  {cell}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** j and k put the focus on the first link of the next or previous row; Enter then opens it as everywhere. */
function useRowKeys(isOn: boolean): React.RefObject<HTMLDivElement | null> {
  const { t } = useWords();
  const box = useRef<HTMLDivElement>(null);
  const move = (step: number) => {
    const links = [...(box.current?.querySelectorAll<HTMLElement>("tbody tr td:first-child a") ?? [])];
    const at = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
    links[Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
  };
  useActions([
    isOn && { label: t("keys.next"), keys: ["j"], act: () => move(1), isMove: true },
    isOn && { label: t("keys.previous"), keys: ["k"], act: () => move(-1), isMove: true },
  ]);
  return box;
}

/** A card of a page with its heading. */
export function Card({ title, id, children }: { title: React.ReactNode; id: string; children: React.ReactNode }) {
  return (
    <section className="card" aria-labelledby={`${id}-title`}>
      <h2 className="card-heading" id={`${id}-title`}>
        {title}
      </h2>
      {children}
    </section>
  );
}
