/** What to draw for a piece of evidence: the feature itself, a value per day or cycle, where its readings allow it. */
import type { Feature, Telemetry } from "../api/types";

export interface Trace {
  ts: number[];
  values: (number | null)[];
  /** Which span one value stands for; `reading` where the stored readings are shown as they are. */
  per: "day" | "cycle" | "reading";
  /** Whether the expected band of the feature is on the same scale. */
  isComparable: boolean;
}

const DAY_MS = 86_400_000;
/** Silence that separates one cycle from the next. */
const REST_MS = 30 * 60_000;
/** The same where only one mode's readings are there: a mode comes and goes within a cycle. */
const REST_OF_MODE_MS = 60 * 60_000;
/** Statistics that can be told from the readings alone. */
const TELLABLE = new Set(["mean", "max", "min", "last", "delta", "per_day", "on_mean"]);
/** Statistics whose values are of the kind that the metric's readings are. */
const SAME_SCALE = new Set(["mean", "max", "min", "last", "on_mean"]);

type Row = [ts: number, value: number];

/** Whether a feature's values can be told from readings (of its mode, where it has one), for a kind with this span. */
export function isTellable(feature: Feature, unit: string | undefined): boolean {
  return TELLABLE.has(feature.statistic) && (unit === "day" || unit === "cycle");
}

/** The trace of a feature, or of a plain metric where there is no feature of that name; readings are those of its mode. */
export function traceOf(
  telemetry: Telemetry,
  metric: string,
  feature: Feature | undefined,
  unit: string | undefined,
): Trace {
  const own = telemetry.series[metric] ?? [];
  const minus = feature?.minus ? telemetry.series[feature.minus] : undefined;
  const values = minus ? own.map((value, at) => less(value, minus[at] ?? null)) : own;
  if (!feature) return { ts: telemetry.ts, values, per: "reading", isComparable: true };
  if (!isTellable(feature, unit)) {
    return { ts: telemetry.ts, values, per: "reading", isComparable: SAME_SCALE.has(feature.statistic) };
  }
  let rows: Row[] = [];
  telemetry.ts.forEach((ts, at) => {
    const value = values[at];
    if (typeof value === "number") rows.push([ts, value]);
  });
  if (feature.statistic === "on_mean") rows = whileOn(rows);
  const rest = feature.mode === null ? REST_MS : REST_OF_MODE_MS;
  return unit === "day" ? byDay(rows, feature.statistic) : byCycle(rows, feature.statistic, rest);
}

/** Readings above half of the usual maximum, which is the median of the days' maxima. */
function whileOn(rows: Row[]): Row[] {
  const highest = new Map<number, number>();
  for (const [ts, value] of rows) {
    const day = Math.floor(ts / DAY_MS);
    highest.set(day, Math.max(highest.get(day) ?? -Infinity, value));
  }
  const maxima = [...highest.values()].sort((one, other) => one - other);
  const level = (maxima[maxima.length >> 1] ?? 0) / 2;
  return rows.filter(([, value]) => value > level);
}

/** Days in UTC, as the detectors count them; a day without readings is a gap. */
function byDay(rows: Row[], statistic: string): Trace {
  const days = new Map<number, Row[]>();
  for (const row of rows) {
    const day = Math.floor(row[0] / DAY_MS) * DAY_MS + DAY_MS / 2;
    const group = days.get(day);
    if (group) group.push(row);
    else days.set(day, [row]);
  }
  const trace: Trace = { ts: [], values: [], per: "day", isComparable: true };
  for (const [day, group] of days) {
    const before = trace.ts.at(-1);
    if (before !== undefined && day - before > 1.5 * DAY_MS) {
      trace.ts.push(before + DAY_MS);
      trace.values.push(null);
    }
    trace.ts.push(day);
    trace.values.push(summarise(group, statistic));
  }
  return trace;
}

/** Runs of readings with a rest between them; each value stands at its run's end. */
function byCycle(rows: Row[], statistic: string, rest: number): Trace {
  const trace: Trace = { ts: [], values: [], per: "cycle", isComparable: true };
  let run: Row[] = [];
  const close = () => {
    const last = run.at(-1);
    if (!last) return;
    trace.ts.push(last[0]);
    trace.values.push(summarise(run, statistic));
    run = [];
  };
  for (const row of rows) {
    const last = run.at(-1);
    if (last && row[0] - last[0] > rest) close();
    run.push(row);
  }
  close();
  return trace;
}

function summarise(rows: Row[], statistic: string): number | null {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return null;
  const values = rows.map(([, value]) => value);
  if (statistic === "max") return Math.max(...values);
  if (statistic === "min") return Math.min(...values);
  if (statistic === "last") return last[1];
  if (statistic === "delta") return last[1] - first[1];
  if (statistic === "per_day")
    return last[0] === first[0] ? null : ((last[1] - first[1]) / (last[0] - first[0])) * DAY_MS;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function less(value: number | null, other: number | null): number | null {
  return value === null || other === null ? null : value - other;
}
