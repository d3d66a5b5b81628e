/** Tickets: lists, one of them, and the steps of their life cycle. */
import {
  keepPreviousData,
  type QueryClient,
  skipToken,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";

import { queryClient } from "./cache";
import { api, ifMatch, Problem, told } from "./client";
import { takeTicket } from "./queue";
import type {
  Beside,
  FormRequest,
  StepRequest,
  Ticket,
  TicketChange,
  TicketRequest,
  TicketStatus,
  VerdictRequest,
} from "./types";

const PAGE_LIMIT = 500;

export const OPEN_STATUSES: TicketStatus[] = ["open", "triaged", "scheduled", "in_progress", "repaired", "on_hold"];
export const OVER_STATUSES: TicketStatus[] = ["closed", "cancelled"];

/** Tickets of these statuses, newest first, up to a limit. */
export function useTickets(
  status: TicketStatus[],
  more: { appliance_id?: string; limit?: number; enabled?: boolean } = {},
) {
  const { appliance_id, limit = PAGE_LIMIT, enabled = true } = more;
  return useQuery({
    queryKey: ["tickets", status.join(), appliance_id ?? "", limit],
    placeholderData: keepPreviousData,
    enabled,
    queryFn: ({ signal }) =>
      told(api.GET("/api/v1/tickets", { params: { query: { status, appliance_id, limit } }, signal })),
  });
}

/** One ticket by its number. */
export function useTicket(number: string | number) {
  return useQuery<Ticket>({
    queryKey: ["ticket", String(number)],
    queryFn: ({ signal }) => readWhole(number, signal),
  });
}

/** Have a ticket at hand before it is opened. */
export function foresee(number: number): void {
  const queryKey = ["ticket", String(number)];
  void queryClient.prefetchQuery({ queryKey, queryFn: ({ signal }) => readWhole(number, signal) });
}

/** The ticket, with all that stands beside it put down for {@link useBeside}: one answer for both. */
async function readWhole(number: string | number, signal: AbortSignal): Promise<Ticket> {
  const params = { path: { key: String(number) } };
  const { ticket, ...beside } = await told(api.GET("/api/v1/tickets/{key}/beside", { params, signal }));
  queryClient.setQueryData(besideOf(ticket.number), beside);
  return ticket;
}

function besideOf(number: number): (string | number)[] {
  return ["beside", number];
}

/** What stands beside a ticket: ways to mend it without a visit, sessions, other tickets and alerts of its appliance. */
export function useBeside(number: number) {
  return useQuery<Beside>({ queryKey: besideOf(number), queryFn: skipToken });
}

/** The alerts of an appliance, newest first. */
export function useAlerts(appliance_id: string) {
  const query = { appliance_id, limit: 50 };
  return useQuery({
    queryKey: ["alerts", appliance_id],
    queryFn: ({ signal }) => told(api.GET("/api/v1/alerts", { params: { query }, signal })),
    staleTime: 60_000,
  });
}

/** A step of the life cycle, a comment or a verdict; the answer replaces what the page shows. */
export function useStep(number: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (step: Step) => takeStep(number, step),
    onSuccess: (ticket) => show(client, ticket),
    onError: (error) => {
      if (!isStale(error)) void client.invalidateQueries({ queryKey: ["ticket", String(number)] });
    },
  });
}

/** What is changed beside the steps; null takes away. */
export function useChangeTicket(number: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ change, seen }: { change: TicketChange; seen?: number }) => changeTicket(number, change, seen),
    onSuccess: (ticket) => show(client, ticket),
  });
}

function changeTicket(number: number, body: TicketChange, seen?: number): Promise<Ticket> {
  const params = { path: { key: String(number) }, header: ifMatch(seen) };
  return told(api.PATCH("/api/v1/tickets/{key}", { params, body }));
}

/** Opens a ticket by hand. */
export function useOpenTicket() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: TicketRequest) => told(api.POST("/api/v1/tickets", { body })),
    onSuccess: (ticket) => show(client, ticket),
  });
}

/** What a held ticket may wait for, by the rules of this installation. */
export function usePauses(enabled: boolean) {
  return useQuery({
    queryKey: ["pauses"],
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
    queryFn: ({ signal }) => told(api.GET("/api/v1/pauses", { signal })),
  });
}

/** The types of tickets, with their steps and forms, in the language that is chosen. */
export function useTicketTypes(language: string, enabled = true) {
  return useQuery({
    queryKey: ["ticket-types", language],
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
    queryFn: ({ signal }) => told(api.GET("/api/v1/ticket-types", { signal })),
  });
}

/** Tick off and write down what the ticket's type asks for. */
export function useFillIn(number: number) {
  const client = useQueryClient();
  const params = { path: { key: String(number) } };
  return useMutation({
    mutationFn: (body: FormRequest) => told(api.PATCH("/api/v1/tickets/{key}/form", { params, body })),
    onSuccess: (ticket) => show(client, ticket),
  });
}

/** A step with what it needs, about the ticket in the version that was `seen`. */
export interface Step {
  step: string;
  body?: StepRequest | VerdictRequest;
  /** What is changed, where the step is `change`. */
  change?: TicketChange;
  seen?: number;
}

export function takeStep(number: number, { step, body = {}, change, seen }: Step): Promise<Ticket> {
  if (change) return changeTicket(number, change, seen);
  const params = { path: { key: String(number), step }, header: ifMatch(seen) };
  if ("verdict" in body) return told(api.POST("/api/v1/tickets/{key}/verdict", { params, body }));
  return told(api.POST("/api/v1/tickets/{key}/{step}", { params, body }));
}

/** Somebody else has changed the ticket since it was read. */
export function isStale(error: unknown): error is Problem {
  return error instanceof Problem && error.status === 412;
}

/** The ticket as it is now. */
export function readTicket(number: string | number, signal?: AbortSignal): Promise<Ticket> {
  return told(api.GET("/api/v1/tickets/{key}", { params: { path: { key: String(number) } }, signal }));
}

/** Shows a ticket as it is now, and renews the lists that hold it. */
export function show(client: QueryClient, ticket: Ticket): void {
  client.setQueryData(["ticket", String(ticket.number)], ticket);
  takeTicket(ticket);
  void client.invalidateQueries({ queryKey: ["tickets"], predicate: ({ queryKey }) => queryKey[1] !== "queue" });
  void client.invalidateQueries({ queryKey: ["ticket", String(ticket.number)] });
}
