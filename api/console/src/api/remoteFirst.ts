/** The stage of a ticket in which it is tried from afar: read, and ended. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";
import type { RemoteExit } from "./types";

/** The stage; null where there is nothing to try. */
export function useRemoteFirst(number: number) {
  const path = { key: String(number) };
  return useQuery({
    queryKey: ["ticket", "remote-first", number],
    queryFn: ({ signal }) => told(api.GET("/api/v1/tickets/{key}/remote-first", { params: { path }, signal })),
  });
}

/** Says how it ended. */
export function useEndRemoteFirst(number: number) {
  const client = useQueryClient();
  const path = { key: String(number) };
  return useMutation({
    mutationFn: (exit: RemoteExit) =>
      told(api.POST("/api/v1/tickets/{key}/remote-first", { params: { path }, body: { exit } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["ticket"] }),
  });
}
