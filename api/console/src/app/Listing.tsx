/** A list in columns: named for screen readers, reached by keys, scrolled on its own where it is wider than the page. */
import { Table } from "@mantine/core";

interface ListingProps {
  name: string;
  columns: string[];
  /** What stands there when there is no row. */
  empty: string;
  rows: { key: string | number; cells: React.ReactNode[] }[];
}

export function Listing({ name, columns, empty, rows }: ListingProps) {
  if (rows.length === 0) return <p className="dim">{empty}</p>;
  return (
    <div className="listing" role="region" aria-label={name} tabIndex={0}>
      <Table verticalSpacing={5} fz="sm">
        <Table.Thead>
          <Table.Tr>
            {columns.map((column, at) =>
              column === "" ? <Table.Td key={at} /> : <Table.Th key={at}>{column}</Table.Th>,
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ key, cells }) => (
            <Table.Tr key={key}>
              {cells.map((cell, at) => (
                <Table.Td key={at}>{cell}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
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
