/** Who may be given work. */
import { useQuery } from "@tanstack/react-query";

import { api, told } from "./client";

/** The accounts that may come in; asked for when somebody is to be chosen. */
export function usePeople(enabled: boolean) {
  return useQuery({
    queryKey: ["people"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/people", { signal })),
    staleTime: 300_000,
    enabled,
  });
}
