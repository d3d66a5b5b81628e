import { expect, test } from "vitest";

import { clockIn, clockOf, dayAfter, dayIn, momentIn } from "./days";

test("days follow each other across months and changes of clocks", () => {
  expect(dayAfter("2026-10-31", 1)).toBe("2026-11-01");
  expect(dayAfter("2026-03-29", -1)).toBe("2026-03-28");
});

test("a moment has the day and the clock of its place", () => {
  const ms = Date.parse("2026-11-24T23:30:00Z");
  expect([dayIn(ms, "Europe/Berlin"), clockIn(ms, "Europe/Berlin")]).toEqual(["2026-11-25", "00:30"]);
  expect(clockOf(545)).toBe("09:05");
});

test("what a clock shows somewhere is one moment, on the days when clocks change, too", () => {
  expect(momentIn("Europe/Berlin", "2026-07-01", "09:00")).toBe("2026-07-01T07:00:00.000Z");
  expect(momentIn("Europe/Berlin", "2026-10-25", "00:00")).toBe("2026-10-24T22:00:00.000Z");
  expect(momentIn("Europe/Berlin", "2026-10-25", "09:00")).toBe("2026-10-25T08:00:00.000Z");
  expect(momentIn("Asia/Shanghai", "2026-10-25", "00:00")).toBe("2026-10-24T16:00:00.000Z");
});
