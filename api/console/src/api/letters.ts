/** Mail that came in: what waits for a person, and what came for a ticket. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";

export function useWaitingLetters() {
  const query = { state: "waiting", limit: 100 } as const;
  return useQuery({
    queryKey: ["letters", "waiting"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/letters", { params: { query }, signal })),
  });
}

/** What came for a ticket; asked for where its history says that something did. */
export function useLettersOfTicket(number: number, count: number) {
  const path = { key: String(number) };
  return useQuery({
    queryKey: ["letters", "of", number, count],
    enabled: count > 0,
    queryFn: ({ signal }) => told(api.GET("/api/v1/tickets/{key}/letters", { params: { path }, signal })),
  });
}

export type LetterCall = { number: number; ticket: string } | { number: number; ticket: null };

/** Puts a letter to a ticket, or away. */
export function useLetterCall() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ number, ticket }: LetterCall) => {
      const path = { number };
      if (ticket === null) return told(api.POST("/api/v1/letters/{number}/dismiss", { params: { path } }));
      return told(api.POST("/api/v1/letters/{number}/join", { params: { path }, body: { ticket } }));
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["letters"] }),
  });
}
