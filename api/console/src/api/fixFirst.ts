/** What the customer told of what can be done before anybody comes. */
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";

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
