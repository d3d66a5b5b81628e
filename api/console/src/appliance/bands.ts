/** What a metric's chart holds its readings against: the band of a feature that is made of it, as the detectors have learned it. */
import type { ApplianceDetail, Feature, Metric, Usual } from "../api/types";
import type { Band } from "../chart/layers";

/** Statistics whose band is on the scale of the readings; of the highest only the upper end holds, of the lowest only the lower. */
const ENDS: Record<string, "both" | "low" | "high"> = {
  mean: "both",
  on_mean: "both",
  last: "both",
  max: "high",
  peak: "high",
  min: "low",
};
/** Statistics of a counter: what it gains in a day or a cycle. */
const GAINS = new Set(["per_day", "delta"]);
/** Temperatures that move so slowly that their newest reading stands for the hour. */
const SLOW = /(^|_)(set|target|ambient|outdoor|room|inlet|freezer)_c$/;
const SET = /(^|_)(set|target)_c$/;

export interface Expected {
  band: Band;
  feature: string;
  /** The metric whose newest reading the band is laid beside; a set point is none. */
  beside: string | null;
}

type FeatureOf = (name: string) => Feature | undefined;

/** The band of a metric's chart; of several that of a span with both ends, beside nothing, while the appliance runs. */
export function bandOf(
  metric: Metric,
  usual: Usual[],
  feature: FeatureOf,
  latest: ApplianceDetail["latest"],
): Expected | null {
  const rank = (one: Expected & { mode: string | null }) =>
    Number(one.band.low === null || one.band.high === null) * 4 +
    Number(one.beside !== null) * 2 +
    Number(one.mode === null);
  const found = usual
    .flatMap((one) => {
      const made = feature(one.feature);
      const laid = made && laidOn(metric, one, made, latest);
      return laid ? [{ ...laid, feature: one.feature, mode: made.mode }] : [];
    })
    .sort((one, other) => rank(one) - rank(other))[0];
  return found ? { band: found.band, feature: found.feature, beside: found.beside } : null;
}

/** What a counter gains in a day or a cycle. */
export function gainOf(metric: Metric, usual: Usual[], feature: FeatureOf): Usual | null {
  return (
    usual.find((one) => {
      const made = feature(one.feature);
      return made?.metric === metric.name && GAINS.has(made.statistic);
    }) ?? null
  );
}

function laidOn(
  metric: Metric,
  one: Usual,
  made: Feature,
  latest: ApplianceDetail["latest"],
): Pick<Expected, "band" | "beside"> | null {
  const ends = ENDS[made.statistic];
  if (!ends || made.metric === null) return null;
  const isMinus = made.minus === metric.name;
  if (made.metric !== metric.name && !isMinus) return null;
  const other = isMinus ? made.metric : made.minus;
  if (other === null) return { band: cut(one.low, one.high, ends), beside: null };
  const at = latest[other]?.value;
  if (at === undefined || !SLOW.test(other) || (isMinus && (SLOW.test(metric.name) || ends !== "both"))) return null;
  const beside = SET.test(other) ? null : other;
  if (isMinus) return { band: { low: at - one.high, high: at - one.low }, beside };
  return { band: cut(at + one.low, at + one.high, ends), beside };
}

function cut(low: number, high: number, ends: "both" | "low" | "high"): Band {
  return { low: ends === "high" ? null : low, high: ends === "low" ? null : high };
}
