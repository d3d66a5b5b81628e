/** The indicators of a period that ends now. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";
import type { components } from "./schema";

export function useIndicators(span: Span, enabled: boolean) {
  return useQuery({
    queryKey: ["indicators", span],
    enabled,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => told(api.GET("/api/v1/kpis", { params: { query: span }, signal })),
  });
}

/** A period, and the moment at which it ends: now where it is left out. */
export interface Span {
  period: string;
  at?: string;
}

export type KeyFigure = components["schemas"]["KeyFigure"];

/** The newest cases that a figure was counted from. */
export function useCases(family: string, figure: string, span: Span) {
  const query = { family, figure, limit: 100, ...span };
  return useQuery({
    queryKey: ["indicators", "cases", query],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => told(api.GET("/api/v1/kpis/cases", { params: { query }, signal })),
  });
}

/** How true and how early each fault mode was predicted. */
export function usePredicted(span: Span) {
  return useQuery({
    queryKey: ["indicators", "modes", span],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => told(api.GET("/api/v1/kpis/modes", { params: { query: span }, signal })),
  });
}

type Cohort = components["schemas"]["Cohort"];

/** Failures per exposure, by what appliances have in common. */
export function useReliability(by: string, span: Span) {
  const query = { by: by as Cohort, ...span };
  return useQuery({
    queryKey: ["indicators", "reliability", query],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => told(api.GET("/api/v1/kpis/reliability", { params: { query }, signal })),
  });
}

/** What acting on predictions was worth over a year. */
export function useWorth(at: string | undefined) {
  const query = { period: "year", at };
  return useQuery({
    queryKey: ["indicators", "worth", query],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => told(api.GET("/api/v1/kpis/worth", { params: { query }, signal })),
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

type RepairGroup = "technician" | "part" | "provider" | "fault_mode" | "model";
export type CallAnswer = "held" | "came_back" | "not_reached";

/** What the weeks ahead will probably ask for, against what shifts give. */
export function useCapacity() {
  return useQuery({
    queryKey: ["capacity"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/capacity", { params: { query: { weeks: 12 } }, signal })),
    staleTime: 300_000,
  }).data?.items;
}

/** How the repairs of a period held, by whose or what they were. */
export function useRepairRates(by: string, period: string) {
  const query = { by: by as RepairGroup, period };
  return useQuery({
    queryKey: ["repairs", "rates", by, period],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => told(api.GET("/api/v1/kpis/repairs", { params: { query }, signal })),
  });
}

/** Repairs whose customers are to be called. */
export function useCalls() {
  const query = { call_owed: true, limit: 50 };
  return useQuery({
    queryKey: ["repairs", "calls"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/repairs", { params: { query }, signal })),
  });
}

/** What the customer said. */
export function useAnswerCall() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, answer }: { id: string; answer: CallAnswer }) =>
      told(api.POST("/api/v1/repairs/{repair_id}/call", { params: { path: { repair_id: id } }, body: { answer } })),
    onSettled: () => Promise.all(["repairs", "ticket"].map((key) => client.invalidateQueries({ queryKey: [key] }))),
  });
}
