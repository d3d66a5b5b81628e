import { expect, test } from "vitest";

import type { Feature } from "../api/types";
import { isTellable, traceOf } from "./trace";

const DAY = 86_400_000;
const MINUTE = 60_000;

function feature(parts: Partial<Feature>): Feature {
  return { name: "f", unit: "s", statistic: "mean", metric: "m", minus: null, mode: null, label: null, ...parts };
}

test("a daily feature is one value a day, and a day without readings is a gap", () => {
  const telemetry = { ts: [1, 2, 3 * DAY + 1], series: { m: [10, 20, 7] } };

  const trace = traceOf(telemetry, "m", feature({}), "day");

  expect(trace.per).toBe("day");
  expect(trace.values).toEqual([15, null, 7]);
});

test("cycles end where the readings rest", () => {
  const telemetry = { ts: [0, MINUTE, 90 * MINUTE], series: { m: [3, 9, 4] } };

  const trace = traceOf(telemetry, "m", feature({ statistic: "max" }), "cycle");

  expect(trace).toMatchObject({ per: "cycle", ts: [MINUTE, 90 * MINUTE], values: [9, 4] });
});

test("the difference of two metrics is drawn where both are there", () => {
  const telemetry = { ts: [0, 1], series: { m: [30, 31], n: [20, null] } };

  expect(traceOf(telemetry, "m", feature({ minus: "n" }), "day").values).toEqual([10]);
});

test("a statistic that readings can't tell is shown as readings, on another scale than its band", () => {
  const slope = feature({ statistic: "slope" });

  expect(isTellable(slope, "day")).toBe(false);
  expect(traceOf({ ts: [1], series: { m: [5] } }, "m", slope, "day")).toMatchObject({
    per: "reading",
    isComparable: false,
  });
});
