/** Accounts, silences and the audit, as the settings' page shows and changes them. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";
import type { SilenceRequest, UserChange, UserRequest } from "./types";

export function useUsers(enabled: boolean) {
  return useQuery({
    queryKey: ["users"],
    enabled,
    queryFn: ({ signal }) => told(api.GET("/api/v1/users", { signal })),
  });
}

export type UserCall =
  | { call: "add"; body: UserRequest }
  | { call: "change"; name: string; body: UserChange }
  | { call: "revoke"; name: string; prefix: string };

/** Makes, changes or shuts out an account; a new one's key is in the answer, this once. */
export function useUserCall() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (asked: UserCall): Promise<string | null> => {
      if (asked.call === "add") return (await told(api.POST("/api/v1/users", { body: asked.body }))).key ?? null;
      if (asked.call === "change") {
        await api.PATCH("/api/v1/users/{name}", { params: { path: { name: asked.name } }, body: asked.body });
      } else {
        const { name, prefix } = asked;
        await api.DELETE("/api/v1/users/{name}/keys/{prefix}", { params: { path: { name, prefix } } });
      }
      return null;
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["users"] }),
  });
}

export function useSilences() {
  return useQuery({
    queryKey: ["silences"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/silences", { signal })),
  });
}

/** Mutes, or lifts what is muted. */
export function useSilenceCall() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (asked: { add: SilenceRequest } | { lift: string }) => {
      if ("add" in asked) await api.POST("/api/v1/silences", { body: asked.add });
      else await api.DELETE("/api/v1/silences/{silence_id}", { params: { path: { silence_id: asked.lift } } });
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["silences"] }),
  });
}

export function useAudit(enabled: boolean) {
  return useQuery({
    queryKey: ["audit"],
    enabled,
    queryFn: ({ signal }) => told(api.GET("/api/v1/audit", { params: { query: { limit: 100 } }, signal })),
  });
}

/** Whether the record of who did what is whole; looked at when asked. */
export function useAuditVerdict() {
  return useMutation({ mutationFn: () => told(api.GET("/api/v1/audit/verdict")) });
}

/** What the desk goes by, as it stands in its file. */
export function useRules() {
  return useQuery({ queryKey: ["rules"], queryFn: ({ signal }) => told(api.GET("/api/v1/rules", { signal })) });
}

/** Who would have been told of the last week's notices by the rules in force; nothing is sent. */
export function useDryRun() {
  return useMutation({ mutationFn: () => told(api.POST("/api/v1/notices/dry-run", { body: { days: 7 } })) });
}

/** The business calendars, with the days ahead. */
export function useCalendars() {
  return useQuery({ queryKey: ["calendars"], queryFn: ({ signal }) => told(api.GET("/api/v1/calendars", { signal })) });
}
