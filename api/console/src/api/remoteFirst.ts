/** The stage of a ticket in which it is tried from afar, ended. */
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";
import type { RemoteExit } from "./types";

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
