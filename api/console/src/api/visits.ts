/** One's own visits of a day, and their steps. */
import { useQuery } from "@tanstack/react-query";

import { api, told } from "./client";
import type { Waiting } from "../visits/outbox";

export function useOwnDay(language: string) {
  return useQuery({
    queryKey: ["visits", "own", language],
    queryFn: ({ signal }) => told(api.GET("/api/v1/own/visits", { signal })),
  });
}

/** Take a step; the same one twice is taken once. */
export function sendStep({ visit, step, body }: Waiting): Promise<unknown> {
  return told(api.POST("/api/v1/visits/{visit_id}/{step}", { params: { path: { visit_id: visit, step } }, body }));
}
