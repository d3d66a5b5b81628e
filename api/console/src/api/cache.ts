/** What the API has answered, kept under one key each; lists stay on the screen while they are renewed. */
import { QueryClient, type QueryFilters } from "@tanstack/react-query";

import { Problem } from "./client";

export const queryClient = new QueryClient({
  defaultOptions: {
    // Whether there is a network says the answer, not the browser: a page may have been kept for a cellar.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 15_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: true,
      retry: (count, error) => !(error instanceof Problem && error.status >= 400 && error.status < 500) && count < 3,
    },
  },
});

/** Ask again, also where a first answer is still on its way: it may have been given before the change. */
export function renew(which: QueryFilters = {}): void {
  void queryClient.cancelQueries(which).then(() => queryClient.invalidateQueries(which));
}
