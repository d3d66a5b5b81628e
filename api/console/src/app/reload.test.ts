import { expect, test } from "vitest";

import { isPartMissing, mayReload, noteReload } from "./reload";

test("each browser's words for a missing part are known, other errors are none", () => {
  expect(isPartMissing(new TypeError("Failed to fetch dynamically imported module: /assets/Ticket-1.js"))).toBe(true);
  expect(isPartMissing(new TypeError("error loading dynamically imported module"))).toBe(true);
  expect(isPartMissing(new TypeError("Importing a module script failed."))).toBe(true);
  expect(isPartMissing(new TypeError("x is undefined"))).toBe(false);
  expect(isPartMissing("text")).toBe(false);
});

test("the page is loaded anew once, not for ever", () => {
  const kept = new Map<string, string>();
  const memory = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };

  expect(mayReload(memory, 1000)).toBe(true);
  noteReload(memory, 1000);
  expect(mayReload(memory, 2000)).toBe(false);
  expect(mayReload(memory, 62_000)).toBe(true);
});
