/** The queue: every open ticket in one answer of columns, put together as rows; each change after it comes as one row. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { queryClient, renew } from "./cache";
import { api, told } from "./client";
import { VIEWS } from "./savedViews";
import type { QueueColumns, QueueRow, TicketRow } from "./types";

const QUEUE = ["tickets", "queue"];

export interface Rows {
  items: TicketRow[];
  total: number;
  legal_steps: Partial<Record<string, string[]>>;
}

export function useQueue() {
  return useQuery({
    queryKey: QUEUE,
    placeholderData: keepPreviousData,
    queryFn: async ({ client, signal }) => {
      const answer = await told(api.GET("/api/v1/queue", { signal }));
      client.setQueryData(VIEWS, answer.views);
      return rowsOf(answer);
    },
    // Rows are made anew with each answer; to compare fifty thousand with those before would take longer.
    structuralSharing: false,
    // What changes is told by the stream; where it was broken all is asked for again.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Put rows where they belong; null takes a ticket that is over out. */
export function takeRows(rows: Map<number, QueueRow | null>): void {
  takeTickets((steps) => [...rows].map(([number, row]) => [number, row && rowOf(row, steps)] as const));
}

/** Put a ticket where it belongs, as a step has answered it. */
export function takeTicket(ticket: TicketRow): void {
  const isOver = ticket.status === "closed" || ticket.status === "cancelled";
  takeTickets(() => [[ticket.number, isOver ? null : ticket]]);
}

type Told = readonly (readonly [number, TicketRow | null])[];

function takeTickets(of: (steps: Rows["legal_steps"]) => Told): void {
  // An answer that is on its way may be from before the change.
  if (queryClient.isFetching({ queryKey: QUEUE }) > 0) renew({ queryKey: QUEUE });
  else queryClient.setQueryData<Rows>(QUEUE, (before) => before && withRows(before, of(before.legal_steps)));
}

/** The rows with those that were told in the place of their like. */
export function withRows({ items, total, legal_steps }: Rows, told: Told): Rows {
  const news = new Map(told);
  const seen = new Set<number>();
  const kept = items.flatMap((one) => {
    if (!news.has(one.number)) return [one];
    seen.add(one.number);
    const row = news.get(one.number);
    return row ? [{ ...one, ...row }] : [];
  });
  const added = told.flatMap(([number, row]) => (row && !seen.has(number) ? [row] : []));
  return { items: [...kept, ...added], total: total + kept.length - items.length + added.length, legal_steps };
}

/** The rows of columns. */
export function rowsOf({ total, columns, legal_steps }: QueueColumns): Rows {
  const names = Object.keys(columns) as (keyof QueueRow)[];
  const items = columns.number.map((_, at) => {
    const row: Partial<Record<keyof QueueRow, unknown>> = {};
    for (const name of names) row[name] = columns[name][at];
    return rowOf(row as QueueRow, legal_steps);
  });
  return { items, total, legal_steps };
}

function rowOf(row: QueueRow, legal_steps: Rows["legal_steps"]): TicketRow {
  return {
    number: row.number,
    version: row.version,
    appliance_id: row.appliance_id,
    kind: row.kind,
    model: row.model,
    region: row.region,
    fault_mode: row.fault_mode,
    title: row.title,
    status: row.status,
    priority: row.priority,
    severity: row.severity,
    source: row.source,
    type: row.type,
    assignee: row.assignee,
    cleared_at: row.cleared_ms,
    sla: { respond_by: row.respond_by_ms, resolve_by: row.resolve_by_ms, paused_reason: row.paused_reason },
    failure_window: row.failure_window as TicketRow["failure_window"],
    legal_steps: legal_steps[row.status] ?? [],
    pause: row.pause,
    remote_first: row.remote_first,
  };
}
