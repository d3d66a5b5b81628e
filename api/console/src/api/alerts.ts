/** Alerts, incidents, and what others were told of them. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { api, told } from "./client";
import type { AlertState, DeliveryState, IncidentState } from "./types";

const PAGE_LIMIT = 100;

interface Paged<T> {
  items: T[];
  next: string | null;
}

/** A list, page after page; what is known stays while another filter is asked for. */
function usePages<T>(
  queryKey: unknown[],
  fetch: (cursor: string | null, signal: AbortSignal) => Promise<{ items: T[]; next?: string | null }>,
) {
  return useInfiniteQuery({
    queryKey,
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }): Promise<Paged<T>> => {
      const { items, next } = await fetch(pageParam, signal);
      return { items, next: next ?? null };
    },
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
}

export type Pages<T> = ReturnType<typeof usePages<T>>;

export interface AlertFilters {
  state?: AlertState | null;
  appliance_id?: string | null;
  incident_id?: string | null;
}

/** Alerts that match, newest first. */
export function useAlertPages(filters: AlertFilters) {
  return usePages(["alerts", "pages", filters], (cursor, signal) =>
    told(api.GET("/api/v1/alerts", { params: { query: { ...filters, cursor, limit: PAGE_LIMIT } }, signal })),
  );
}

/** One alert with its evidence and its history. */
export function useAlert(alert_id: string) {
  const path = { alert_id };
  return useQuery({
    queryKey: ["alerts", "one", alert_id],
    queryFn: ({ signal }) => told(api.GET("/api/v1/alerts/{alert_id}", { params: { path }, signal })),
  });
}

/** Incidents, newest first. */
export function useIncidentPages(state: IncidentState | null) {
  return usePages(["incidents", state], (cursor, signal) =>
    told(api.GET("/api/v1/incidents", { params: { query: { state, cursor, limit: PAGE_LIMIT } }, signal })),
  );
}

/** One incident with the appliances that are part of it. */
export function useIncident(key: string) {
  return useQuery({
    queryKey: ["incidents", "one", key],
    queryFn: ({ signal }) => told(api.GET("/api/v1/incidents/{key}", { params: { path: { key } }, signal })),
  });
}

/** Deliveries of notices, newest first. */
export function useNoticePages(state: DeliveryState | null) {
  return usePages(["notices", "pages", state], (cursor, signal) =>
    told(api.GET("/api/v1/notices", { params: { query: { state, cursor, limit: PAGE_LIMIT } }, signal })),
  );
}

/** Who is told, and how well each takes it. */
export function useReceivers() {
  return useQuery({
    queryKey: ["notices", "receivers"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/receivers", { signal })),
  });
}
