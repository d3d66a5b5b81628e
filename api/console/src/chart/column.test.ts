import { expect, test } from "vitest";

import { columnOf } from "./column";

const S = 1000;

test("a metric that is told in some samples only has no gaps where the others spoke", () => {
  const telemetry = { ts: [0, 60 * S, 90 * S, 130 * S], series: { power: [1, 2, 3, 4], drain: [58, null, 60, 61] } };

  expect(columnOf(telemetry, "drain", 60)).toEqual({ ts: [0, 90 * S, 130 * S], values: [58, 60, 61] });
});

test("a row that says nothing at all is silence, and so is staying away for long", () => {
  const silent = { ts: [0, 60 * S, 9000 * S], series: { power: [1, null, 3] } };
  const away = { ts: [0, 60 * S, 500 * S], series: { power: [1, 2, 3], drain: [5, null, 6] } };

  expect(columnOf(silent, "power", 60).values).toEqual([1, null, 3]);
  expect(columnOf(away, "drain", 60)).toEqual({ ts: [0, 60 * S, 500 * S], values: [5, null, 6] });
});

test("buckets are their lowest and highest, whether their width is even or odd", () => {
  for (const [width, half] of [
    [20, 10],
    [21, 10],
  ] as const) {
    const start = 271_890 * width;
    const ts = [start, start + half, start + width, start + width + half];
    const telemetry = { ts, series: { power: [2, 1, null, null], drain: [1, 1, 1, 1] } };

    expect(columnOf(telemetry, "power", 60)).toEqual({ ts: [ts[1], ts[3]], values: [1, null], high: [2, null] });
  }
});
