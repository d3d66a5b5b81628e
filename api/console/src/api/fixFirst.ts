/** What the customer can do before anybody comes, and what was told of it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";

/** The steps of a ticket, and what came of them. */
export function useFixFirst(number: number) {
  const path = { key: String(number) };
  return useQuery({
    queryKey: ["ticket", "fix-first", number],
    queryFn: ({ signal }) => told(api.GET("/api/v1/tickets/{key}/fix-first", { params: { path }, signal })),
  });
}

/** The customer has done it, or won't. */
export function useTellFixFirst(number: number) {
  const client = useQueryClient();
  const path = { key: String(number) };
  return useMutation({
    mutationFn: (done: boolean) =>
      told(api.POST("/api/v1/tickets/{key}/fix-first", { params: { path }, body: { done } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["ticket"] }),
  });
}
