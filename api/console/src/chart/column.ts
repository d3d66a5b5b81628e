/** One metric out of an answer that holds several. */
import type { Telemetry } from "../api/types";

const SILENT_INTERVALS = 3;

export interface Column {
  ts: number[];
  /** The readings; of buckets their lowest. */
  values: (number | null)[];
  /** Of buckets their highest. */
  high?: (number | null)[];
}

/**
 * The metric's own rows: where others were reported and it was not, nothing is missing, unless it stayed away for more
 * than three intervals. Rows that say nothing at all are silence. Of a long range come buckets: lowest and highest of each.
 */
export function columnOf(telemetry: Telemetry, name: string, interval_s: number | null): Column {
  const { ts, series } = telemetry;
  const own = series[name] ?? [];
  if (isBuckets(ts)) return extremesOf(ts, own);
  const columns = Object.values(series);
  const rows: { ts: number[]; values: (number | null)[] } = { ts: [], values: [] };
  const push = (at: number, value: number | null) => {
    rows.ts.push(at);
    rows.values.push(value);
  };
  let last: number | null = null;
  ts.forEach((at, row) => {
    const value = own[row] ?? null;
    if (value === null) {
      if (columns.every((column) => (column[row] ?? null) === null)) push(at, null);
      return;
    }
    if (
      interval_s !== null &&
      last !== null &&
      at - last > SILENT_INTERVALS * interval_s * 1000 &&
      rows.values.at(-1) !== null
    ) {
      push(last + interval_s * 1000, null);
    }
    push(at, value);
    last = at;
  });
  return rows;
}

/** Whether the rows are the two extremes of each of some buckets: at a bucket's start, which is a multiple of its width, and in its middle. */
function isBuckets(ts: number[]): boolean {
  const [first, , third] = ts;
  if (first === undefined || third === undefined || ts.length % 2 === 1) return false;
  const width = third - first;
  const half = Math.floor(width / 2);
  if (width <= 0 || first % width !== 0) return false;
  return ts.every((at, row) => at === first + (row >> 1) * width + (row % 2) * half);
}

/** Each bucket's lowest and highest, at its middle; a metric that was seldom told has its bucket's without a gap beside it. */
function extremesOf(ts: number[], own: (number | null)[]): Column {
  const column: Required<Column> = { ts: [], values: [], high: [] };
  for (let row = 1; row < ts.length; row += 2) {
    const [one, other] = [own[row - 1] ?? null, own[row] ?? null];
    column.ts.push(ts[row] ?? 0);
    column.values.push(one === null || other === null ? null : Math.min(one, other));
    column.high.push(one === null || other === null ? null : Math.max(one, other));
  }
  return column;
}
