import { expect, test } from "vitest";

import { Problem } from "../api/client";
import { Outbox, type Step, type Waiting } from "./outbox";

function storage() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

function step(name: Step, visit = "vi_1"): Waiting {
  return { visit, number: 1, step: name, body: { parts: [], photos: [] } };
}

test("what could not be sent waits, outlives the page, and is sent once and in order", async () => {
  const kept = storage();
  let isOnline = false;
  const sent: string[] = [];
  const send = async (one: Waiting) => {
    if (!isOnline) throw new Problem(0, "unreachable", null);
    sent.push(one.step);
  };
  const outbox = new Outbox(kept, send, "anna");
  for (const name of ["depart", "arrive", "finish"] as const) outbox.add(step(name));

  expect(await outbox.flush()).toBe(false);
  expect(outbox.stateOf("vi_1", "planned")).toBe("done");
  const later = new Outbox(kept, send, "anna");
  isOnline = true;
  expect(await later.flush()).toBe(true);

  expect(sent).toEqual(["depart", "arrive", "finish"]);
  expect([later.items(), new Outbox(kept, send, "anna").items()]).toEqual([[], []]);
});

test("a refused step is kept with why, and does not hold up the others", async () => {
  const sent: string[] = [];
  const outbox = new Outbox(
    storage(),
    async (one) => {
      if (one.visit === "vi_1") throw new Problem(409, "Conflict", "The visit was called off.");
      sent.push(one.visit);
    },
    "anna",
  );
  outbox.add(step("finish"));
  outbox.add(step("arrive", "vi_2"));

  await outbox.flush();

  expect(sent).toEqual(["vi_2"]);
  expect(outbox.items().map((one) => one.refused)).toEqual(["The visit was called off."]);
  expect(outbox.stateOf("vi_1", "cancelled")).toBe("cancelled");
});

test("who signs in next on the same phone sends nothing of somebody else, and nothing is lost", async () => {
  const kept = storage();
  const sent: string[] = [];
  const send = async (one: Waiting) => void sent.push(one.step);
  new Outbox(kept, send, "anna").add(step("finish"));

  const next = new Outbox(kept, send, "ben");
  await next.flush();
  next.add(step("depart", "vi_2"));
  expect(sent).toEqual([]);

  await new Outbox(kept, send, "anna").flush();
  expect(sent).toEqual(["finish"]);
});
