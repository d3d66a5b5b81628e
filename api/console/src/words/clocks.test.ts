import { expect, test } from "vitest";

import type { Ticket } from "../api/types";
import { isDueToday, runningClocks } from "./clocks";

const NOON = new Date(2026, 10, 30, 12).getTime();
const HOUR = 3_600_000;
const at = (hours: number) => new Date(NOON + hours * HOUR).toISOString();

function ticket(parts: Partial<Ticket>): Ticket {
  const sla = { respond_by: at(2), resolve_by: at(50), paused_reason: null };
  return { number: 1, status: "open", priority: 3, sla, failure_window: null, ...parts } as Ticket;
}

test("the nearer of promise and failure comes first", () => {
  const soon = ticket({ failure_window: { from: at(1), to: at(9), coverage: 0.8 } });

  expect(runningClocks(soon).map((clock) => clock.kind)).toEqual(["fails", "respond", "resolve"]);
});

test("an answered ticket has no clock to answer, a closed one has none", () => {
  expect(runningClocks(ticket({ status: "triaged" })).map((clock) => clock.kind)).toEqual(["resolve"]);
  expect(runningClocks(ticket({ status: "closed" }))).toEqual([]);
});

test("a paused promise does not run, a prediction does", () => {
  const paused = ticket({
    status: "on_hold",
    sla: { respond_by: at(1), resolve_by: at(2), paused_reason: "waiting for the customer" },
    failure_window: { from: at(30), to: at(60), coverage: 0.8 },
  });

  expect(runningClocks(paused).map((clock) => clock.kind)).toEqual(["fails"]);
});

test("due today means before this day ends, whatever may fail", () => {
  expect(isDueToday(ticket({ status: "triaged" }), NOON)).toBe(false);
  expect(isDueToday(ticket({}), NOON)).toBe(true);
  const failing = ticket({ status: "triaged", failure_window: { from: at(1), to: at(2), coverage: 0.8 } });
  expect(isDueToday(failing, NOON)).toBe(false);
});
