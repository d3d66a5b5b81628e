/** Money: receipts, what is given back of them, claims to makers, outcomes, invoices and tax rates. */
import { useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";
import { usePages } from "./pages";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Receipt = Schemas["BookedReceipt"];
export type Claim = Schemas["ClaimDocument"];
export type Invoice = Schemas["InvoiceDocument"];
export type Tax = Schemas["TaxDocument"];

export const REASONS: Schemas["CreditReason"][] = ["wrong_price", "not_done", "came_back", "returned", "goodwill"];

export function useReceipts() {
  return usePages(["money", "receipts"], (cursor, signal) =>
    told(api.GET("/api/v1/receipts", { params: { query: { cursor, limit: 100 } }, signal })),
  );
}

export function useCredits() {
  return usePages(["money", "credits"], (cursor, signal) =>
    told(api.GET("/api/v1/credit-notes", { params: { query: { cursor, limit: 100 } }, signal })),
  );
}

export function useClaims() {
  return usePages(["money", "claims"], (cursor, signal) =>
    told(api.GET("/api/v1/claims", { params: { query: { cursor, limit: 100 } }, signal })),
  );
}

export function useOutcomes() {
  return usePages(["money", "outcomes"], (cursor, signal) =>
    told(api.GET("/api/v1/outcomes", { params: { query: { cursor, limit: 100 } }, signal })),
  );
}

export function useInvoices() {
  return usePages(["money", "invoices"], (cursor, signal) =>
    told(api.GET("/api/v1/invoices", { params: { query: { cursor, limit: 100 } }, signal })),
  );
}

export function useTaxes() {
  return useQuery({
    queryKey: ["money", "taxes"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/taxes", { signal })),
  });
}

export type MoneyPut =
  | { credit: Schemas["CreditRequest"] }
  | { claim: Schemas["ClaimRequest"] }
  | { outcome: Schemas["OutcomeRequest"] }
  | { invoice: Schemas["InvoiceRequest"] }
  | { tax: Schemas["TaxRequest"] };

/** Write one of them down by its id; the same one again changes nothing. */
export function useMoneyPut(): (id: string, put: MoneyPut) => Promise<unknown> {
  const client = useQueryClient();
  return async (id, put) => {
    const params = { path: { external_id: id } };
    await told<unknown>(
      "credit" in put
        ? api.PUT("/api/v1/credit-notes/{external_id}", { params, body: put.credit })
        : "claim" in put
          ? api.PUT("/api/v1/claims/{external_id}", { params, body: put.claim })
          : "outcome" in put
            ? api.PUT("/api/v1/outcomes/{external_id}", { params, body: put.outcome })
            : "invoice" in put
              ? api.PUT("/api/v1/invoices/{external_id}", { params, body: put.invoice })
              : api.PUT("/api/v1/taxes/{external_id}", { params, body: put.tax }),
    );
    await client.invalidateQueries({ queryKey: ["money"] });
  };
}
