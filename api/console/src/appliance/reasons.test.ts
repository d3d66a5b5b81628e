import { expect, test } from "vitest";

import { appliances as en } from "../i18n/en/appliances";
import { appliances as zh } from "../i18n/zh/appliances";
import { reasonOf } from "./reasons";

test("what the detectors say is read, and each reason has words", () => {
  const said = {
    "learning, day 9 of 14": { code: "learning", span: "day", done: "9", of: "14" },
    "as usual for this appliance over the last cycles": { code: "usual", span: "cycle" },
    "none of the metrics needed was reported in the last cycle": { code: "silent", span: "cycle" },
    "what stood has ended; judged anew at the end of the day": { code: "ended", span: "day" },
    "learning, 30 % of 2000 samples": { code: "series", done: "30", of: "2000" },
    "as before": { code: "before" },
    "clearly not as before, cause unknown": { code: "notBefore" },
    "Mean power is above what is usual here": { code: "above", feature: "Mean power" },
    "clearly not as usual, for no known cause": { code: "unknown" },
  };
  for (const [sentence, known] of Object.entries(said)) {
    expect(reasonOf(sentence)).toEqual(known);
    expect(Object.keys(zh.reasons)).toContain(known.code);
  }
  expect(reasonOf("Condenser is fouled")).toBeNull();
  expect(Object.keys(zh.components).sort()).toEqual(Object.keys(en.components).sort());
});
