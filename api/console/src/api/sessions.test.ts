import { expect, test } from "vitest";

import { askedAgainAfter } from "./sessions";
import type { DiagnosisSession } from "./types";

const session = (
  state: string,
  commands: string[],
  procedures: string[] = [],
  why_not: string[] = [],
): DiagnosisSession =>
  ({
    state,
    tests: [{ why_not }],
    commands: commands.map((one) => ({ state: one })),
    procedures: procedures.map((one) => ({ state: one })),
  }) as unknown as DiagnosisSession;

test("a session's page, which is told what happens, asks by itself oftener only while something is to come", () => {
  expect(askedAgainAfter(undefined)).toBe(3000);
  expect(askedAgainAfter(session("requested", []))).toBe(3000);
  expect(askedAgainAfter(session("active", ["succeeded", "waiting"]))).toBe(3000);
  expect(askedAgainAfter(session("active", ["succeeded"], ["running"]))).toBe(3000);
  expect(askedAgainAfter(session("active", ["succeeded", "failed"], ["done"], ["limit"]))).toBe(10_000);
  expect(askedAgainAfter(session("active", ["succeeded", "failed"], ["done"], ["door_open"]))).toBe(30_000);
  expect(askedAgainAfter(session("ended", ["waiting"]))).toBe(false);
});
