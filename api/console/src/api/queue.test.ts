import { expect, test } from "vitest";

import { chooseView } from "../queue/views";
import { type Rows, rowsOf, withRows } from "./queue";
import type { QueueColumns, TicketRow } from "./types";

test("columns become rows, with the steps of their state and times that the views can read", () => {
  const columns: QueueColumns["columns"] = {
    number: [7, 3],
    version: [2, 1],
    appliance_id: ["WM-1", "FR-2"],
    kind: ["washing_machine", "refrigerator"],
    model: ["Aqua 7", null],
    region: [null, "north"],
    fault_mode: ["bearing_wear", null],
    title: ["Bearing is wearing", "It hums"],
    status: ["open", "on_hold"],
    priority: [2, 4],
    severity: [0.4, null],
    source: ["prediction", "customer"],
    type: ["repair", "repair"],
    assignee: [null, "mira"],
    cleared_ms: [null, 5],
    respond_by_ms: [1000, 1000],
    resolve_by_ms: [2000, 2000],
    pause: [null, "part"],
    paused_reason: [null, "part"],
    remote_first: [true, false],
    failure_window: [{ from: 9, to: 11, coverage: 0.8 }, null],
  };
  const { items, total } = rowsOf({
    total: 2,
    columns,
    legal_steps: { open: ["triage"], on_hold: ["resume"] },
    views: [],
  });

  expect(total).toBe(2);
  expect(items.map((one) => [one.number, one.legal_steps, one.cleared_at])).toEqual([
    [7, ["triage"], null],
    [3, ["resume"], 5],
  ]);
  expect(chooseView(items, "breach", "", 0).map((one) => one.number)).toEqual([7]);
  expect(items[0]?.failure_window?.to).toBe(11);
});

test("news of a ticket changes its row, adds it or takes it out, and the count goes with it", () => {
  const row = (number: number, status: TicketRow["status"]) => ({ number, status }) as TicketRow;
  const before: Rows = { items: [row(7, "open"), row(3, "open")], total: 2, legal_steps: {} };

  const after = withRows(before, [
    [7, row(7, "triaged")],
    [3, null],
    [9, row(9, "open")],
    [1, null],
  ]);

  expect(after.items.map((one) => [one.number, one.status])).toEqual([
    [7, "triaged"],
    [9, "open"],
  ]);
  expect(after.total).toBe(2);
});
