/** How an appliance is used, what is advised about it, and what is soon used up. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";
import type { components } from "./schema";

export type Care = components["schemas"]["CareDocument"];
export type Advice = components["schemas"]["AdviceDocument"];
export type AdviceEffect = components["schemas"]["EffectDocument"];

/** All of one appliance, in the language of the page. */
export function useCare(appliance_id: string, language: string): Care | undefined {
  const params = { path: { appliance_id } };
  return useQuery({
    queryKey: ["appliance", appliance_id, "care", language],
    queryFn: ({ signal }) =>
      told(
        api.GET("/api/v1/appliances/{appliance_id}/care", {
          params,
          signal,
          headers: { "accept-language": language },
        }),
      ),
    staleTime: 300_000,
  }).data;
}

/** The customer has done what was advised, or won't. */
export function useAnswerAdvice(appliance_id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, answer }: { id: string; answer: "followed" | "declined" }) =>
      told(api.POST("/api/v1/advice/{advice_id}/answer", { params: { path: { advice_id: id } }, body: { answer } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["appliance", appliance_id, "care"] }),
  });
}

/** A consumable was renewed or cleaned. */
export function useRenew(appliance_id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      told(
        api.POST("/api/v1/appliances/{appliance_id}/consumables/{name}/renew", {
          params: { path: { appliance_id, name } },
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ["appliance", appliance_id, "care"] }),
  });
}

/** What each piece of advice has come to over all appliances. */
export function useAdviceEffects(language: string): AdviceEffect[] | undefined {
  return useQuery({
    queryKey: ["advice", "effects", language],
    queryFn: ({ signal }) => told(api.GET("/api/v1/kpis/advice", { signal, headers: { "accept-language": language } })),
    staleTime: 300_000,
  }).data?.items;
}
