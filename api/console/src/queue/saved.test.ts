import { expect, test } from "vitest";

import type { TicketRow } from "../api/types";
import { addressOf, countOf } from "./saved";

const sla = { respond_by: 10, resolve_by: 20, paused_reason: null };
const ticket = (number: number, parts: Partial<TicketRow>) =>
  ({ number, status: "open", kind: "oven", title: "", assignee: null, sla, ...parts }) as TicketRow;

test("an address is one view, however it was put together, whatever ticket is chosen", () => {
  const one = addressOf(new URLSearchParams("t=7&kind=oven&view=mine"));

  expect(one).toBe("view=mine&kind=oven");
  expect(addressOf(new URLSearchParams(one))).toBe(one);
  expect(addressOf(new URLSearchParams("t=7"))).toBe("");
});

test("a kept view counts what it will show", () => {
  const open = [ticket(1, { assignee: "mira" }), ticket(2, {}), ticket(3, { assignee: "mira", kind: "dryer" })];
  const by = { me: "mira", now: 0, called: () => ["烤箱"] };

  expect(countOf("view=mine&kind=oven", open, by)).toBe(1);
  expect(countOf("q=%E7%83%A4%E7%AE%B1", open, by)).toBe(3);
  expect(countOf("view=closed", open, by)).toBeNull();
});
