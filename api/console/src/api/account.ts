/** Who is signed in, and the service's clock. */
import { useQuery } from "@tanstack/react-query";

import { toMs } from "../words/format";
import { learnNow } from "../words/now";
import { api, told } from "./client";
import type { Account } from "./types";

/** Who is signed in; 401 means nobody. */
export function useAccount() {
  return useQuery({
    queryKey: ["account"],
    queryFn: async ({ signal }) => {
      const account = await told(api.GET("/api/v1/me", { signal }));
      learnNow(toMs(account.now));
      return account;
    },
    refetchInterval: 120_000,
  });
}

/** Signs in, or is refused with a problem. */
export function signIn(name: string, password: string): Promise<Account> {
  return told(api.POST("/api/v1/login", { body: { name, password } }));
}

/** Ends the browser's login. */
export async function signOut(): Promise<void> {
  await api.POST("/api/v1/logout").catch(() => undefined);
  // What was kept for a day without network names customers.
  if ("caches" in window) await caches.delete("fettle-visits").catch(() => false);
}
