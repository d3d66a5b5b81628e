/** What the pages ask the API, cached under one key each; lists stay on the screen while they are renewed. */
import { keepPreviousData, QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { toMs } from "../words/format";
import { isUnsteady, learnNow } from "../words/now";
import { get, post, Problem } from "./client";
import type { Account, Alert, Appliance, ApplianceDetail, DiagnosisSession, Page, Profile, Telemetry, Ticket } from "./types";

/** How many open tickets the queue holds at once; beyond it the list says so. */
export const QUEUE_LIMIT = 2000;

export const OPEN_STATUSES = ["open", "triaged", "scheduled", "in_progress", "repaired", "on_hold"];

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: true,
      retry: (count, error) => !(error instanceof Problem && error.status >= 400 && error.status < 500) && count < 3,
    },
  },
});

/** Ask again, also where a first answer is still on its way: it may have been given before the change. */
export function renew(queryKey?: string[]): void {
  void queryClient.cancelQueries({ queryKey }).then(() => queryClient.invalidateQueries({ queryKey }));
}

/** Who is signed in; 401 means nobody. */
export function useAccount() {
  return useQuery({
    queryKey: ["account"],
    queryFn: async ({ signal }) => {
      const account = await get<Account>("/me", {}, signal);
      learnNow(toMs(account.now));
      return account;
    },
    refetchInterval: () => (isUnsteady() ? 5_000 : 120_000),
  });
}

/** What the kinds, their metrics, features and fault modes are called, in the language of the page. */
export function useProfiles(language: string) {
  return useQuery({
    queryKey: ["profiles", language],
    queryFn: ({ signal }) => get<Page<Profile>>("/profiles", {}, signal),
    staleTime: 3_600_000,
    placeholderData: keepPreviousData,
  });
}

/** All tickets of these statuses, page after page up to the queue's limit. */
export function useTickets(statuses: string[], more: { appliance_id?: string; limit?: number } = {}) {
  const { appliance_id, limit = QUEUE_LIMIT } = more;
  return useQuery({
    queryKey: ["tickets", statuses.join(), appliance_id ?? "", limit],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const parts = await Promise.all(statuses.map((status) => allPages({ status, appliance_id }, limit, signal)));
      const items = parts.flatMap((part) => part.items).sort((one, other) => other.number - one.number);
      return { items, isComplete: parts.every((part) => part.isComplete) };
    },
  });
}

async function allPages(query: { status?: string; appliance_id?: string }, limit: number, signal: AbortSignal) {
  const items: Ticket[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Ticket> = await get<Page<Ticket>>("/tickets", { ...query, limit: Math.min(500, limit), cursor }, signal);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor && items.length < limit);
  return { items, isComplete: cursor === null };
}

/** One ticket by its number. */
export function useTicket(number: string | number) {
  return useQuery<Ticket>({
    queryKey: ["ticket", String(number)],
    queryFn: ({ signal }) => get<Ticket>(`/tickets/${encodeURIComponent(number)}`, {}, signal),
    placeholderData: () => known(number),
  });
}

function known(number: string | number): Ticket | undefined {
  for (const [, data] of queryClient.getQueriesData<{ items?: Ticket[] }>({ queryKey: ["tickets"] })) {
    const found = data?.items?.find((ticket) => String(ticket.number) === String(number));
    if (found) return found;
  }
  return undefined;
}

/** The alert behind a ticket; most of it never changes. */
export function useAlert(id: string | null) {
  return useQuery({
    queryKey: ["alert", id],
    queryFn: ({ signal }) => get<Alert>(`/alerts/${encodeURIComponent(id ?? "")}`, {}, signal),
    enabled: id !== null,
    staleTime: 300_000,
  });
}

/** A step of the life cycle, a comment or a verdict; the answer replaces what the page shows. */
export function useStep(number: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ step, body, seen }: { step: string; body?: Record<string, unknown>; seen?: number }) =>
      post<Ticket>(`/tickets/${number}/${step}`, body ?? {}, seen),
    onSuccess: (ticket) => show(client, ticket),
    onError: (error) => {
      if (!isStale(error)) void client.invalidateQueries({ queryKey: ["ticket", String(number)] });
    },
  });
}

/** Somebody else has changed the ticket since it was read. */
export function isStale(error: unknown): error is Problem {
  return error instanceof Problem && error.status === 412;
}

/** The ticket as it is now, for comparing; the page keeps what it shows. */
export function freshTicket(number: number): Promise<Ticket> {
  return get<Ticket>(`/tickets/${number}`);
}

/** Shows a ticket as it is now, and renews the lists that hold it. */
export function show(client: QueryClient, ticket: Ticket): void {
  client.setQueryData(["ticket", String(ticket.number)], ticket);
  void client.invalidateQueries({ queryKey: ["tickets"] });
  void client.invalidateQueries({ queryKey: ["ticket", String(ticket.number)] });
}

/** Asks the customer for a session. */
export function useOpenSession(number: number) {
  return useMutation({
    mutationFn: (scope: string) => post<DiagnosisSession>(`/tickets/${number}/sessions`, { scope }),
  });
}

/** The sessions of a ticket, newest first. */
export function useSessions(number: number) {
  return useQuery({
    queryKey: ["session", "of", number],
    queryFn: ({ signal }) => get<Page<DiagnosisSession>>(`/tickets/${number}/sessions`, {}, signal),
  });
}

/** One session with its transcript. */
export function useSession(id: string) {
  return useQuery({
    queryKey: ["session", id],
    queryFn: ({ signal }) => get<DiagnosisSession>(`/sessions/${id}`, {}, signal),
    refetchInterval: (query) => (isOver(query.state.data?.state) ? false : 2000),
  });
}

/** Whether nothing more can happen in a session. */
export function isOver(state: string | undefined): boolean {
  return state === "ended" || state === "expired" || state === "refused";
}

/** Consent, a command, or the end. */
export function useSessionCall(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ call, body }: { call: "consent" | "commands" | "end"; body?: unknown }) =>
      post<unknown>(`/sessions/${id}/${call}`, body ?? {}),
    onSettled: () => client.invalidateQueries({ queryKey: ["session", id] }),
  });
}

/** Appliances that match, a page at a time. */
export function useAppliances(filters: Record<string, string | null>, limit = 100) {
  return useInfiniteQuery({
    queryKey: ["appliances", filters, limit],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => get<Page<Appliance>>("/appliances", { ...filters, limit, cursor: pageParam }, signal),
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
}

/** One appliance with its newest readings. */
export function useAppliance(id: string) {
  return useQuery({
    queryKey: ["appliance", id],
    queryFn: ({ signal }) => get<ApplianceDetail>(`/appliances/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: 10_000,
  });
}

/** Readings of some metrics in [start, end), of one mode where it is named. */
export function useTelemetry(
  id: string,
  metrics: string[],
  range: { start: number; end: number },
  points: number,
  mode: string | null = null,
) {
  return useQuery({
    queryKey: ["telemetry", id, metrics.join(), range.start, range.end, points, mode],
    queryFn: ({ signal }) =>
      get<Telemetry>(
        `/appliances/${encodeURIComponent(id)}/telemetry`,
        { metric: metrics, start: range.start, end: range.end, points, mode },
        signal,
      ),
    enabled: metrics.length > 0,
    placeholderData: keepPreviousData,
  });
}
