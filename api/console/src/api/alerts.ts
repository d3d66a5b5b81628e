/** Alerts, incidents, and what others were told of them. */
import { useQuery } from "@tanstack/react-query";

import { api, told } from "./client";
import { usePages } from "./pages";
import type { AlertState, DeliveryState, IncidentState } from "./types";

const PAGE_LIMIT = 100;

export interface AlertFilters {
  state?: AlertState | null;
  appliance_id?: string | null;
  incident_id?: string | null;
  about?: "appliance" | "data" | null;
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
