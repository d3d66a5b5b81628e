/** Views of the queue that people keep: one's own, and those that others share. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";
import type { SavedViewRequest } from "./types";

export const VIEWS = ["views"];

/** They come with the queue, and are asked for where they may have changed since. */
export function useSavedViews(isQueueThere: boolean) {
  return useQuery({
    queryKey: VIEWS,
    enabled: isQueueThere,
    queryFn: async ({ signal }) => (await told(api.GET("/api/v1/views", { signal }))).items,
    staleTime: 60_000,
  });
}

/** Keeps a view anew, or changes one's own. */
export function useKeepView() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, body }: { id?: string; body: SavedViewRequest }) =>
      id === undefined
        ? told(api.POST("/api/v1/views", { body }))
        : told(api.PATCH("/api/v1/views/{view_id}", { params: { path: { view_id: id } }, body })),
    onSettled: () => client.invalidateQueries({ queryKey: VIEWS }),
  });
}

export function useDeleteView() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => told(api.DELETE("/api/v1/views/{view_id}", { params: { path: { view_id: id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: VIEWS }),
  });
}
