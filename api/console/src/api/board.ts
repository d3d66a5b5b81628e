/** The board: who works when, which visits there are, what waits; and what is done about it. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, ifMatch, told } from "./client";
import type { AbsenceReason, PlanDocument, Visit } from "./types";

/** What is about to be planned: a visit that moves, or the tickets of one home that wait. */
export type Carried = { visit: string; version: number; numbers: number[] } | { visit?: undefined; numbers: number[] };

/** Where it is to go; at a time where one is said, else where it adds the least travel. */
export interface Aim {
  technician: string;
  day: string;
  start?: string;
}

const RENEWED = ["board", "visits", "tickets"];

export function useBoard(start: string, days: number, region: string) {
  const query = { start, days, region: region || null };
  return useQuery({
    queryKey: ["board", start, days, region],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => told(api.GET("/api/v1/board", { params: { query }, signal })),
  });
}

/** The visits of somebody on a day of theirs, in order. */
export function useDayOf(technician: string, day: string, zone: string) {
  const query = { technician_id: technician, day, time_zone: zone, limit: 100 };
  return useQuery({
    queryKey: ["visits", technician, day],
    queryFn: async ({ signal }) => {
      const { items } = await told(api.GET("/api/v1/visits", { params: { query }, signal }));
      return items.sort((a, b) => a.start.localeCompare(b.start));
    },
  });
}

/** Who could go to the tickets of a home, the best first. */
export function useProposals(numbers: number[]) {
  const [first, ...more] = numbers.map(String);
  const params = { path: { key: first ?? "" }, query: { with_ticket: more, limit: 5 } };
  return useQuery({
    queryKey: ["board", "proposals", ...numbers],
    queryFn: ({ signal }) => told(api.GET("/api/v1/tickets/{key}/proposals", { params, signal })),
  });
}

/** What a change would cost; asked before it is made. */
export function useWeighed(carried: Carried, aim: Aim) {
  const what = carried.visit ? { visit_id: carried.visit } : { tickets: carried.numbers.map(String) };
  const body = { technician_id: aim.technician, day: aim.day, start: aim.start ?? null, ...what };
  return useQuery({
    queryKey: ["board", "weighed", body],
    placeholderData: keepPreviousData,
    gcTime: 0,
    queryFn: ({ signal }) => told(api.POST("/api/v1/visits/weigh", { body, signal })),
  });
}

/** Make the change: move a visit as it was seen, or book one. */
export function useChangeVisit() {
  return useRenewing(({ carried, technician, start, override }: Change) => {
    const body = { technician_id: technician, start, override: override || null };
    if (!carried.visit) {
      const [key = "", ...with_tickets] = carried.numbers.map(String);
      const params = { path: { key } };
      return told(api.POST("/api/v1/tickets/{key}/visits", { params, body: { ...body, with_tickets } }));
    }
    const params = { path: { visit_id: carried.visit }, header: ifMatch(carried.version) };
    return told(api.POST("/api/v1/visits/{visit_id}/move", { params, body }));
  });
}

interface Change {
  carried: Carried;
  technician: string;
  start: string;
  override: string;
}

/** Hold a visit where it is, let it go, confirm it or call it off. */
export function useVisitWord() {
  return useRenewing(({ visit, word }: { visit: Visit; word: "lock" | "unlock" | "confirm" | "cancel" }) => {
    const path = { visit_id: visit.id };
    if (word === "lock") return told(api.POST("/api/v1/visits/{visit_id}/lock", { params: { path } }));
    if (word === "unlock") return told(api.POST("/api/v1/visits/{visit_id}/unlock", { params: { path } }));
    const params = { path: { ...path, step: word }, header: ifMatch(visit.version) };
    return told(api.POST("/api/v1/visits/{visit_id}/{step}", { params, body: null }));
  });
}

/** The plan of a day, only to look at. */
export function usePlan(day: string, region: string) {
  return useQuery({
    queryKey: ["board", "plan", day, region],
    gcTime: 0,
    queryFn: ({ signal }) =>
      told(api.POST("/api/v1/plans", { body: { day, region: region || null, keep: false }, signal })),
  });
}

export function useKeepPlan() {
  return useRenewing(({ day, region }: { day: string; region: string }) =>
    told(api.POST("/api/v1/plans", { body: { day, region: region || null, keep: true } })),
  );
}

/** Where the visits of somebody who drops out may go, only to look at. */
export function usePlanWithout(technician: string, day: string) {
  return useQuery({
    queryKey: ["board", "without", technician, day],
    gcTime: 0,
    queryFn: ({ signal }) =>
      told(api.POST("/api/v1/plans/without", { body: { technician_id: technician, day, keep: false }, signal })),
  });
}

/** Somebody is away for a day: that is written down, and their visits go elsewhere. */
export function useDropOut() {
  return useRenewing(async ({ technician, day, start, end, reason }: DropOut): Promise<PlanDocument> => {
    const params = { path: { technician_id: technician } };
    await told(api.POST("/api/v1/technicians/{technician_id}/absences", { params, body: { start, end, reason } }));
    return told(api.POST("/api/v1/plans/without", { body: { technician_id: technician, day, keep: true } }));
  });
}

interface DropOut {
  technician: string;
  day: string;
  start: string;
  end: string;
  reason: AbsenceReason;
}

function useRenewing<Told, Words>(mutationFn: (words: Words) => Promise<Told>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    // A refusal, too, means that the board is not what it looks like.
    onSettled: () => Promise.all(RENEWED.map((key) => client.invalidateQueries({ queryKey: [key] }))),
  });
}
