/** One metric out of an answer that holds several. */
import type { Telemetry } from "../api/types";

const SILENT_INTERVALS = 3;

/**
 * The metric's own rows: where others were reported and it was not, nothing is missing, unless it stayed away for more
 * than three intervals. Rows that say nothing at all are silence, and so is an empty bucket of a long range.
 */
export function columnOf(telemetry: Telemetry, name: string, interval_s: number | null) {
  const { ts, series } = telemetry;
  const own = series[name] ?? [];
  if (isBuckets(ts)) return { ts, values: own };
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

/** Whether the rows are lowest and highest of buckets: at equal distances from a multiple of the buckets' width on. */
function isBuckets(ts: number[]): boolean {
  const [first, second] = ts;
  if (first === undefined || second === undefined || ts.length < 3) return false;
  if (first % (2 * (second - first)) > 1) return false;
  return ts.every((at, row) => Math.abs(at - first - row * (second - first)) <= 1 + row / 2);
}
