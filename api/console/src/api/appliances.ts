/** Appliances, what is known of their kinds, and their readings. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { api, told } from "./client";
import { usePages } from "./pages";
import type { Usual } from "./types";
import type { ApplianceSort, Availability, Condition } from "./types";

export interface ApplianceFilters {
  q?: string;
  kind?: string;
  region?: string;
  condition?: Condition;
  availability?: Availability;
  sort?: ApplianceSort;
}

/** What the kinds, their metrics, features and fault modes are called, in the language of the page. */
export function useProfiles(language: string, enabled = true) {
  return useQuery({
    queryKey: ["profiles", language],
    queryFn: ({ signal }) => told(api.GET("/api/v1/profiles", { signal, headers: { "accept-language": language } })),
    staleTime: 3_600_000,
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** Appliances that match, a page at a time. */
export function useAppliances(filters: ApplianceFilters, limit = 100) {
  return usePages(["appliances", filters, limit], (cursor, signal) =>
    told(api.GET("/api/v1/appliances", { params: { query: { ...filters, limit, cursor } }, signal })),
  );
}

/** One appliance with its newest readings. */
export function useAppliance(appliance_id: string) {
  const path = { appliance_id };
  return useQuery({
    queryKey: ["appliance", appliance_id],
    queryFn: ({ signal }) => told(api.GET("/api/v1/appliances/{appliance_id}", { params: { path }, signal })),
    refetchInterval: 120_000,
  });
}

/** What happened at an appliance and matters later, newest first: parts, firmware, moves, error codes. */
export function useApplianceEvents(appliance_id: string) {
  const params = { path: { appliance_id }, query: { limit: 50 } };
  return useQuery({
    queryKey: ["appliance", appliance_id, "events"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/appliances/{appliance_id}/events", { params, signal })),
    staleTime: 60_000,
  });
}

/** What is normal for an appliance, as its detectors have learned it; nothing while they learn. */
export function useUsual(appliance_id: string): Usual[] {
  const params = { path: { appliance_id } };
  const found = useQuery({
    queryKey: ["appliance", appliance_id, "usual"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/appliances/{appliance_id}/usual", { params, signal })),
    staleTime: 60_000,
  });
  return found.data?.items ?? NOTHING;
}

const NOTHING: Usual[] = [];

/** Readings of some metrics in [start, end), of one mode where it is named. */
export function useTelemetry(
  appliance_id: string,
  metric: string[],
  range: { start: number; end: number },
  points: number,
  mode: string | null = null,
) {
  const params = {
    path: { appliance_id },
    query: { metric, start: String(range.start), end: String(range.end), points, mode },
  };
  return useQuery({
    queryKey: ["telemetry", appliance_id, metric.join(), range.start, range.end, points, mode],
    queryFn: ({ signal }) => told(api.GET("/api/v1/appliances/{appliance_id}/telemetry", { params, signal })),
    enabled: metric.length > 0,
    placeholderData: keepPreviousData,
  });
}
