import { expect, test } from "vitest";

import type { TicketRow } from "../api/types";
import { chosenOf, choicesOf, matchesChosen, riskOf } from "./facets";
import { inOrder } from "./order";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const HOUR = 3_600_000;
const at = (hours: number) => new Date(NOW + hours * HOUR).toISOString();

function ticket(number: number, parts: Partial<TicketRow>): TicketRow {
  const sla = { respond_by: at(24), resolve_by: at(72), paused_reason: null };
  return {
    number,
    status: "open",
    priority: 3,
    severity: 0.5,
    sla,
    failure_window: null,
    assignee: null,
    ...parts,
  } as TicketRow;
}

const numbers = (tickets: TicketRow[]) => tickets.map((one) => one.number);
const due = (hours: number) => ({ respond_by: at(hours), resolve_by: at(hours + 48), paused_reason: null });

test("an old trifle does not stand above what is dangerous, and what is held waits", () => {
  const trifle = ticket(1, { priority: 4, sla: due(2) });
  const leak = ticket(2, { priority: 2, sla: due(20) });
  const held = ticket(3, { priority: 1, status: "on_hold" });
  const sooner = ticket(4, { priority: 2, sla: due(5) });

  expect(numbers(inOrder([trifle, leak, held, sooner], "next"))).toEqual([4, 2, 1, 3]);
  expect(numbers(inOrder([trifle, leak, held, sooner], "due")).slice(0, 2)).toEqual([1, 4]);
  expect(numbers(inOrder([trifle, leak, held, sooner], "priority"))).toEqual([3, 2, 4, 1]);
  expect(numbers(inOrder([trifle, leak, held, sooner], "newest"))).toEqual([4, 3, 2, 1]);
});

test("a choice counts what it will show", () => {
  const all = [
    ticket(1, { kind: "dryer", region: "north" }),
    ticket(2, { kind: "oven", region: null }),
    ticket(3, { kind: "dryer", region: "north", assignee: "mira" }),
  ];
  for (const facet of ["kind", "region", "person", "risk"] as const) {
    for (const [value, count] of choicesOf(all, facet, NOW, undefined)) {
      expect(all.filter((one) => matchesChosen(one, { [facet]: value }, NOW))).toHaveLength(count);
    }
  }
  expect(choicesOf(all, "kind", NOW, "washer")).toContainEqual(["washer", 0]);
});

test("the risk is the nearer promise", () => {
  expect(riskOf(ticket(1, { sla: due(-1) }), NOW)).toBe("late");
  expect(riskOf(ticket(1, { sla: due(3) }), NOW)).toBe("soon");
  expect(riskOf(ticket(1, { sla: due(30) }), NOW)).toBe("calm");
  expect(riskOf(ticket(1, { status: "closed" }), NOW)).toBe("-");
});

test("the address is the choice", () => {
  expect(chosenOf(new URLSearchParams("view=mine&kind=oven&person=-"))).toEqual({ kind: "oven", person: "-" });
});
