/** The queue: every open ticket in one answer of columns, put together as rows. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { api, told } from "./client";
import type { QueueColumns, TicketRow } from "./types";

export function useQueue() {
  return useQuery({
    queryKey: ["tickets", "queue"],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => rowsOf(await told(api.GET("/api/v1/queue", { signal }))),
    // Rows are made anew with each answer; to compare fifty thousand with those before would take longer.
    structuralSharing: false,
  });
}

/** The rows of columns. */
export function rowsOf({ total, columns, legal_steps }: QueueColumns): { items: TicketRow[]; total: number } {
  const items = columns.number.map((number, at) => {
    const status = columns.status[at] ?? "open";
    const window = columns.failure_window[at];
    return {
      number,
      status,
      version: columns.version[at] ?? 0,
      appliance_id: columns.appliance_id[at] ?? "",
      kind: columns.kind[at] ?? "",
      model: columns.model[at] ?? null,
      region: columns.region[at] ?? null,
      fault_mode: columns.fault_mode[at] ?? null,
      title: columns.title[at] ?? "",
      priority: columns.priority[at] ?? 4,
      severity: columns.severity[at] ?? null,
      source: columns.source[at] ?? "prediction",
      type: columns.type[at] ?? "repair",
      assignee: columns.assignee[at] ?? null,
      cleared_at: columns.cleared_ms[at] ?? null,
      sla: {
        respond_by: columns.respond_by_ms[at] ?? null,
        resolve_by: columns.resolve_by_ms[at] ?? null,
        paused_reason: columns.paused_reason[at] ?? null,
      },
      failure_window: window ? (window as TicketRow["failure_window"]) : null,
      legal_steps: legal_steps[status] ?? [],
    };
  });
  return { items, total };
}
