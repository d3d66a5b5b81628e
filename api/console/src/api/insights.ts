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
