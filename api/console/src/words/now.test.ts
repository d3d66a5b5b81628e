import { beforeEach, expect, test, vi } from "vitest";

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: 1_000_000 });
});

test("the service's time comes in whole milliseconds, however fast it runs", async () => {
  const { learnNow, now, speedOfTime } = await import("./now");
  learnNow(5_000_000);
  vi.setSystemTime(1_007_000);
  learnNow(5_000_000 + 140_001);
  vi.setSystemTime(1_007_333);

  expect(speedOfTime()).toBeCloseTo(20.0001, 3);
  expect(Number.isInteger(now())).toBe(true);
});
