import { expect, test } from "vitest";

import type { TicketRow } from "../api/types";
import { chooseView, matchesFilter } from "./views";

function ticket(parts: Partial<TicketRow>): TicketRow {
  const sla = { respond_by: "2026-11-30T10:00:00Z", resolve_by: "2026-12-09T10:00:00Z", paused_reason: null };
  const base = { number: 7, status: "open", assignee: null, sla, title: "Bearing is wearing", appliance_id: "WM-0231" };
  return { ...base, kind: "washing_machine", model: "Aqua 7", fault_mode: "bearing_wear", ...parts } as TicketRow;
}

test("each view holds what it says", () => {
  const all = [
    ticket({ number: 1 }),
    ticket({ number: 2, assignee: "mira" }),
    ticket({ number: 3, status: "on_hold", pause: "part" }),
    ticket({ number: 4, status: "on_hold", pause: "customer" }),
    ticket({ number: 5, remote_first: true }),
  ];
  const numbers = (view: Parameters<typeof chooseView>[1]) =>
    chooseView(all, view, "mira", Date.parse("2026-11-20T08:00:00Z")).map((one) => one.number);

  expect(numbers("open")).toEqual([1, 2, 3, 4, 5]);
  expect(numbers("mine")).toEqual([2]);
  expect(numbers("unassigned")).toEqual([1, 3, 4, 5]);
  expect(numbers("hold")).toEqual([3, 4]);
  expect(numbers("customer")).toEqual([4]);
  expect(numbers("remote")).toEqual([5]);
  expect(numbers("breach")).toEqual([]);
});

test("a filter wants all of its words, wherever they stand", () => {
  const called = () => ["轴承磨损"];
  expect(matchesFilter(ticket({}), "0231 bearing", called)).toBe(true);
  expect(matchesFilter(ticket({}), "0231 轴承", called)).toBe(true);
  expect(matchesFilter(ticket({}), "#7", called)).toBe(true);
  expect(matchesFilter(ticket({}), "0231 pump", called)).toBe(false);
});
