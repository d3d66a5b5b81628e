/** Remote diagnoses: asked for, agreed to, worked in and ended. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";
import type { CommandRequest, DiagnosisSession, Scope } from "./types";

/** Each step of a command and of a test is news that is heard at once; asking is for what the line has lost. */
const BUSY_MS = 3000;
const SOON_MS = 10_000;
const CALM_MS = 30_000;
/** States in which a command's last word is still to come. */
const LIVE = new Set(["waiting", "queued", "sending", "sent", "accepted", "running"]);
/** What stands in a test's way and goes away as readings change and time passes, without a word. */
const PASSES = new Set(["limit", "idle", "hot"]);

/** Asks the customer for a session. */
export function useOpenSession(number: number) {
  const path = { key: String(number) };
  return useMutation({
    mutationFn: (scope: Scope) =>
      told(api.POST("/api/v1/tickets/{key}/sessions", { params: { path }, body: { scope } })),
  });
}

/** One session with its transcript. */
export function useSession(session_id: string) {
  const path = { session_id };
  return useQuery({
    queryKey: ["session", session_id],
    queryFn: ({ signal }) => told(api.GET("/api/v1/sessions/{session_id}", { params: { path }, signal })),
    refetchInterval: (query) => askedAgainAfter(query.state.data),
  });
}

/** Its page is told when something happens, so it asks by itself now and then, oftener while something is to come. */
export function askedAgainAfter(session: DiagnosisSession | undefined): number | false {
  if (session === undefined) return BUSY_MS;
  if (isOver(session.state)) return false;
  const isAtIt =
    session.state === "requested" ||
    session.procedures.some((one) => one.state === "running") ||
    session.commands.some((one) => LIVE.has(one.state));
  if (isAtIt) return BUSY_MS;
  return session.tests.some((one) => one.why_not.some((reason) => PASSES.has(reason))) ? SOON_MS : CALM_MS;
}

/** Whether nothing more can happen in a session. */
export function isOver(state: string | undefined): boolean {
  return state === "ended" || state === "expired" || state === "refused";
}

export type SessionCall =
  | { call: "consent"; code: string }
  | { call: "command"; body: CommandRequest }
  | { call: "test"; test: string }
  | { call: "approve"; command_id: string }
  | { call: "end" };

/** Consent, a command, a test, an approval, or the end. */
export function useSessionCall(session_id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (call: SessionCall) => send(session_id, call),
    onSettled: () => client.invalidateQueries({ queryKey: ["session", session_id] }),
  });
}

async function send(session_id: string, asked: SessionCall): Promise<void> {
  const params = { path: { session_id } };
  if (asked.call === "end") await api.POST("/api/v1/sessions/{session_id}/end", { params });
  else if (asked.call === "consent") {
    await api.POST("/api/v1/sessions/{session_id}/consent", { params, body: { code: asked.code } });
  } else if (asked.call === "test") {
    await api.POST("/api/v1/sessions/{session_id}/procedures", { params, body: { test: asked.test } });
  } else if (asked.call === "approve") {
    await api.POST("/api/v1/sessions/{session_id}/approvals", { params, body: { command_id: asked.command_id } });
  } else await api.POST("/api/v1/sessions/{session_id}/commands", { params, body: asked.body });
}
