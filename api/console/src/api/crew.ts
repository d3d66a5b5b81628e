/** Technicians and providers, entered and changed; absences. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, ifMatch, told } from "./client";
import { usePages } from "./pages";
import type { AbsenceReason, Provider, ProviderRequest, Technician, TechnicianRequest } from "./types";

export function useTechnicians(q: string) {
  return usePages(["technicians", q], (cursor, signal) =>
    told(api.GET("/api/v1/technicians", { params: { query: { q: q || null, cursor, limit: 100 } }, signal })),
  );
}

export function useProviders() {
  return useQuery({
    queryKey: ["providers"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/providers", { params: { query: { limit: 200 } }, signal })),
  });
}

export function useAbsences(technician: string) {
  return useQuery({
    queryKey: ["absences", technician],
    queryFn: ({ signal }) =>
      told(
        api.GET("/api/v1/technicians/{technician_id}/absences", {
          params: { path: { technician_id: technician } },
          signal,
        }),
      ),
  });
}

/** Enter a technician, or write one anew as it was seen. */
export function useWriteTechnician() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ seen, body }: { seen: Technician | null; body: TechnicianRequest }) => {
      if (!seen) return told(api.POST("/api/v1/technicians", { body }));
      const params = { path: { technician_id: seen.id }, header: ifMatch(seen.version) };
      return told(api.PUT("/api/v1/technicians/{technician_id}", { params, body }));
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["technicians"] }),
  });
}

/** Enter a provider, or write one anew as it was seen. */
export function useWriteProvider() {
  const client = useQueryClient();
  return async (seen: Provider | null, body: ProviderRequest) => {
    const params = { path: { provider_id: seen?.id ?? "" }, header: ifMatch(seen?.version ?? 0) };
    if (seen) await told(api.PUT("/api/v1/providers/{provider_id}", { params, body }));
    else await told(api.POST("/api/v1/providers", { body }));
    await client.invalidateQueries({ queryKey: ["providers"] });
  };
}

/** What may be learnt: by whom of all, as managers read it, or by oneself. */
export function useTraining(isOwn: boolean) {
  return useQuery({
    queryKey: ["training", isOwn],
    queryFn: ({ signal }) =>
      told(isOwn ? api.GET("/api/v1/own/training", { signal }) : api.GET("/api/v1/training", { signal })),
  });
}

/** Write down that somebody is away, or take that back. */
export function useAbsenceCall(technician: string) {
  const client = useQueryClient();
  const path = { technician_id: technician };
  return useMutation({
    mutationFn: async (asked: { start: string; end: string; reason: AbsenceReason } | { end_of: string }) => {
      if ("end_of" in asked) {
        const params = { path: { ...path, absence_id: asked.end_of } };
        await api.DELETE("/api/v1/technicians/{technician_id}/absences/{absence_id}", { params });
      } else {
        await told(api.POST("/api/v1/technicians/{technician_id}/absences", { params: { path }, body: asked }));
      }
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["absences", technician] }),
  });
}
