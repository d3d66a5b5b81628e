import { expect, test } from "vitest";

import { formatAmount, formatNumber, formatSpan, plainName, toMs } from "./format";

const HOUR = 3_600_000;

test("numbers have as many digits as their size deserves", () => {
  expect([1526.4, 52.44, 1.234, 0.1234, 7].map((value) => formatNumber(value, "en"))).toEqual([
    "1,526",
    "52.4",
    "1.23",
    "0.123",
    "7",
  ]);
});

test("an amount keeps its cents, and a currency without them has none", () => {
  expect(formatAmount("147.51", "EUR", "en")).toBe("€147.51");
  expect(formatAmount("1470", "JPY", "en")).toBe("¥1,470");
});

test("spans are their two largest units", () => {
  expect(formatSpan(3 * HOUR + 12 * 60_000, "en")).toBe("3 h 12 min");
  expect(formatSpan(50 * HOUR, "en")).toBe("2 d 2 h");
  expect(formatSpan(9 * 24 * HOUR, "en")).toBe("9 d");
});

test("what is no time is none", () => {
  expect([toMs(null), toMs(""), toMs("never"), toMs(undefined)]).toEqual([null, null, null, null]);
  expect(toMs("1970-01-01T00:00:01Z")).toBe(1000);
});

test("a name that no profile explains is readable at least", () => {
  expect(plainName("drain_pump_clog")).toBe("Drain pump clog");
});
