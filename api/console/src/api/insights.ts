/** The indicators of a period that ends now. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { api, told } from "./client";

export function useIndicators(period: string, enabled: boolean) {
  return useQuery({
    queryKey: ["indicators", period],
    enabled,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => told(api.GET("/api/v1/kpis", { params: { query: { period } }, signal })),
  });
}

/** Under what the cases are decided anew. */
export interface Supposed {
  probability_at_least: number;
  consequence_times: number;
}

/** What another threshold would have done, beside what happened; nothing is changed by asking. */
export function useWhatIf(supposed: Supposed) {
  return useQuery({
    queryKey: ["what-if", supposed],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      told(api.POST("/api/v1/what-if", { body: { days: 365, severity_at_least: 0, ...supposed }, signal })),
  });
}

/** How each fault mode stands with its budget of visits in vain. */
export function useModes() {
  return useQuery({
    queryKey: ["modes"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/modes", { signal })),
  });
}
