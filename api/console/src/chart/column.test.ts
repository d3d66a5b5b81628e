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

test("buckets are drawn as they come", () => {
  const telemetry = { ts: [0, 10, 20, 30], series: { power: [1, 2, null, null], drain: [1, 1, 1, 1] } };

  expect(columnOf(telemetry, "power", 60).values).toEqual([1, 2, null, null]);
});
