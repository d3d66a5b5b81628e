/** A gentle mode of the appliance until somebody comes: read, asked for, ended. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";

/** The gentle mode for a ticket's fault, and how it stands; news of the ticket says when it has changed. */
export function useProtection(number: number) {
  const path = { key: String(number) };
  return useQuery({
    queryKey: ["protection", number],
    queryFn: ({ signal }) => told(api.GET("/api/v1/tickets/{key}/protection", { params: { path }, signal })),
  });
}

/** Asks for it in a session (its id), or ends it (null). */
export function useProtectionCall(number: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (session_id: string | null): Promise<void> => {
      if (session_id === null) {
        await told(api.POST("/api/v1/tickets/{key}/protection/end", { params: { path: { key: String(number) } } }));
      } else await told(api.POST("/api/v1/sessions/{session_id}/protection", { params: { path: { session_id } } }));
    },
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["protection"] }),
        client.invalidateQueries({ queryKey: ["ticket"] }),
        client.invalidateQueries({ queryKey: ["session"] }),
      ]),
  });
}
