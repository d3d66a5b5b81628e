/** What a piece of news means for what is on the page: the queue takes its row from it, the ticket or session that it names is
 * asked for again at once, and lists that it may touch at most once a minute each. */
import type { QueryKey } from "@tanstack/react-query";

import { queryClient, renew } from "./cache";
import { takeRows } from "./queue";
import type { Beside, QueueRow, Ticket } from "./types";

export const TOPICS = ["ticket", "alert", "session", "incident", "visit"] as const;
type Topic = (typeof TOPICS)[number];

interface Said {
  id?: string;
  number?: number;
  /** What the queue shows of a ticket; null where it is over; absent where it must be asked for. */
  row?: QueueRow | null;
  appliance_id?: string;
  event?: string;
}

/** News comes in heaps: what came within this time is looked at together. Who looks on at a remote diagnosis waits for its news. */
const QUIET_MS = 700;
const WATCHED_MS = 100;
const LIST_EVERY_MS = 60_000;
/** The lists that news of a topic may touch. */
const LISTS: Record<Topic, string[]> = {
  ticket: ["tickets", "appliances"],
  alert: ["appliances", "alerts"],
  session: [],
  incident: ["incidents", "alerts"],
  visit: ["board", "visits"],
};

let heap: { topic: Topic; said: Said }[] = [];
let workAt = Infinity;
let working: number | undefined;
const listAt = new Map<string, number>();

/** Take a piece of news; what it asks for comes a moment later. */
export function hear(topic: Topic, text: string): void {
  const said = JSON.parse(text) as Said;
  const isWatched = topic === "session" && queryClient.getQueryData(["session", said.id]) !== undefined;
  heap.push({ topic, said });
  const at = performance.now() + (isWatched ? WATCHED_MS : QUIET_MS);
  if (at >= workAt) return;
  window.clearTimeout(working);
  working = window.setTimeout(work, at - performance.now());
  workAt = at;
}

function work(): void {
  const news = heap;
  heap = [];
  workAt = Infinity;
  const rows = new Map<number, QueueRow | null>();
  const lists = new Set<string>();
  let isQueueOld = false;
  for (const { topic, said } of news) {
    for (const list of LISTS[topic]) lists.add(list);
    if (topic !== "ticket") continue;
    if (said.number === undefined || said.row === undefined) isQueueOld = true;
    else rows.set(said.number, said.row);
  }
  if (isQueueOld) renew({ queryKey: ["tickets", "queue"] });
  else if (rows.size > 0) takeRows(rows);
  renew({ predicate: ({ queryKey }) => news.some(({ topic, said }) => isMeant(queryKey, topic, said)) });
  for (const list of lists) renewList(list);
}

/** Whether news is of the one ticket, session or appliance that is shown. */
function isMeant([key, which]: QueryKey, topic: Topic, said: Said): boolean {
  if (key === "appliance") return which === (said.appliance_id ?? said.row?.appliance_id);
  if (key === "session") return topic === "session" && which === said.id;
  if (key === "protection") return topic === "ticket" && which === (said.number ?? which);
  if (key !== "ticket") return false;
  const ticket = queryClient.getQueryData<Ticket>(["ticket", which]);
  if (!ticket) return true;
  if (topic === "ticket") return said.number === undefined || said.number === ticket.number;
  if (topic === "alert") return said.appliance_id === ticket.appliance_id;
  const beside = queryClient.getQueryData<Beside>(["beside", ticket.number]);
  return topic === "session" && (said.event === "requested" || !!beside?.sessions.some((one) => one.id === said.id));
}

/** At once the first time, then once a minute: lists are long, and much of the news is of no row in sight. */
function renewList(list: string): void {
  const now = performance.now();
  const due = Math.max(now, (listAt.get(list) ?? -LIST_EVERY_MS) + LIST_EVERY_MS);
  if (due <= (listAt.get(list) ?? -1)) return;
  listAt.set(list, due);
  const ask = () => renew({ queryKey: [list], predicate: ({ queryKey }) => queryKey[1] !== "queue" });
  if (due > now) window.setTimeout(ask, due - now);
  else ask();
}
