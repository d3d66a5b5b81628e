/** How the service itself is, and what was not taken in or not told. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";
import type { DeadLetterReason } from "./types";

const LOOK_EVERY_MS = 120_000;

/** Reasons, figures, gaps, and what it is made of. */
export function useOperations() {
  return useQuery({
    queryKey: ["operations"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/operations", { signal })),
    refetchInterval: LOOK_EVERY_MS,
  });
}

/** Messages that could not be accepted, newest first, of one reason where it is named. */
export function useDeadLetters(reason: DeadLetterReason | null) {
  const query = { limit: 50, ...(reason ? { reason } : {}) };
  return useQuery({
    queryKey: ["dead-letters", reason],
    queryFn: ({ signal }) => told(api.GET("/api/v1/dead-letters", { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** How many are kept of each reason: as many as the list has. */
export function useLetterCounts() {
  return useQuery({
    queryKey: ["dead-letters", "counts"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/dead-letters/counts", { signal })),
  });
}

/** Has one dead letter judged again, or all of a reason. */
export function useReplay() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (asked: { number: number } | { reason: DeadLetterReason }) =>
      "number" in asked
        ? told(api.POST("/api/v1/dead-letters/{number}/replay", { params: { path: asked } }))
        : told(api.POST("/api/v1/dead-letters/replay", { body: asked })),
    onSettled: () => client.invalidateQueries({ queryKey: ["dead-letters"] }),
  });
}

/** What was heard of foreign devices, and what of it is not read. */
export function useDevices() {
  return useQuery({
    queryKey: ["devices"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/devices", { signal })),
  });
}

/** Notices that a receiver did not take. */
export function useParked(enabled: boolean) {
  const query = { state: "parked" as const, limit: 100 };
  return useQuery({
    queryKey: ["notices", "parked"],
    enabled,
    queryFn: ({ signal }) => told(api.GET("/api/v1/notices", { params: { query }, signal })),
  });
}

/** Another try for a notice. */
export function useRetry() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (number: number) => told(api.POST("/api/v1/notices/{number}/retry", { params: { path: { number } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["notices"] }),
  });
}
