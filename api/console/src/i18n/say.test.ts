import { expect, test } from "vitest";

import { makeSay } from "./say";

const say = makeSay("en", {
  fails: "fails in {{from}}–{{to}} days",
  gaps_one: "One gap",
  gaps_other: "{{count}} gaps",
  status: { open: "open" },
});

test("places are filled in and numbers choose the form", () => {
  expect(say("fails", { from: 6, to: 11 })).toBe("fails in 6–11 days");
  expect(say("gaps", { count: 1 })).toBe("One gap");
  expect(say("gaps", { count: 3 })).toBe("3 gaps");
  expect(say("status.open")).toBe("open");
});

test("an unknown key is its default, or itself", () => {
  expect(say("status.lost", { defaultValue: "Lost" })).toBe("Lost");
  expect(say("status.lost")).toBe("status.lost");
  expect(say("status")).toBe("status");
});
