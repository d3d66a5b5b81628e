import { expect, test } from "vitest";

import { askedAgainAfter } from "./sessions";
import type { DiagnosisSession } from "./types";

const session = (state: string, commands: string[], procedures: string[] = []): DiagnosisSession =>
  ({
    state,
    commands: commands.map((one) => ({ state: one })),
    procedures: procedures.map((one) => ({ state: one })),
  }) as unknown as DiagnosisSession;

test("a session's page asks every second only while something is on its way", () => {
  expect(askedAgainAfter(undefined)).toBe(1000);
  expect(askedAgainAfter(session("requested", []))).toBe(1000);
  expect(askedAgainAfter(session("active", ["succeeded", "waiting"]))).toBe(1000);
  expect(askedAgainAfter(session("active", ["succeeded"], ["running"]))).toBe(1000);
  expect(askedAgainAfter(session("active", ["succeeded", "failed"], ["done"]))).toBe(10_000);
  expect(askedAgainAfter(session("ended", ["waiting"]))).toBe(false);
});
