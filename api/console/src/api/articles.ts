/** What is known of fault modes: searched, beside a ticket, written. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, ifMatch, told } from "./client";
import type { ArticleRequest } from "./types";

/** Articles that hold all words, the last made first. */
export function useArticles(q: string) {
  return useQuery({
    queryKey: ["articles", q],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      told(api.GET("/api/v1/articles", { params: { query: { q: q || null, limit: 100 } }, signal })),
  });
}

/** Take over the shipped articles that are not there yet. */
export function useTakeShipped() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => told(api.POST("/api/v1/articles/shipped")),
    onSuccess: () => client.invalidateQueries({ queryKey: ["articles"] }),
  });
}

/** Write an article: a new one, or one anew in the version that was seen. */
export function useWriteArticle() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, seen, body }: { id?: string; seen?: number; body: ArticleRequest }) =>
      id === undefined
        ? told(api.POST("/api/v1/articles", { body }))
        : told(
            api.PUT("/api/v1/articles/{article_id}", {
              params: { path: { article_id: id }, header: ifMatch(seen) },
              body,
            }),
          ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["articles"] }),
  });
}
