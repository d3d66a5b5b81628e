import { expect, test } from "vitest";

import { byKey, moved, stretched } from "./gestures";

const HOUR = { start: 0, end: 3_600_000 };

test("keys move, stretch and show the whole again", () => {
  expect(byKey("ArrowRight", HOUR)).toEqual(moved(HOUR, 0.2));
  expect(byKey("ArrowLeft", moved(HOUR, 0.2))).toEqual(HOUR);
  expect(byKey("0", HOUR)).toBeNull();
  expect(byKey("j", HOUR)).toBeUndefined();
});

test("a stretch keeps its moment in place and stops at a minute", () => {
  const near = stretched(HOUR, 0.5, 900_000);

  expect((900_000 - near.start) / (near.end - near.start)).toBeCloseTo(0.25);
  expect(near.end - near.start).toBe(1_800_000);
  const short = stretched(HOUR, 0.000_001);
  expect(short.end - short.start).toBe(60_000);
});
