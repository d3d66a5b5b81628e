import { expect, test } from "vitest";

import { isNext, type LiveRow, merged } from "./live";

test("a number that is left out is seen, and so is a beginning that is none", () => {
  expect(isNext(0, -1)).toBe(true);
  expect(isNext(5, 4)).toBe(true);
  expect(isNext(6, 4)).toBe(false);
  expect(isNext(3, -1)).toBe(false);
});

test("what was read and what came live is one column in the order of time, each moment once", () => {
  const rows: LiveRow[] = [
    { ts: 30, metrics: { power_w: 3 } },
    { ts: 20, metrics: { power_w: 2 } },
    { ts: 25, metrics: { door_open: true } },
  ];
  expect(merged([10, 20], [1, 9], rows, "power_w")).toEqual({ ts: [10, 20, 30], values: [1, 2, 3] });
  expect(merged([10], [null], [], "power_w")).toEqual({ ts: [10], values: [null] });
});
