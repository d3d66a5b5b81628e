/** Stock: what lies where, what must be ordered, what is on its way, and the ledger. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";
import { usePages } from "./pages";
import type { StockMove, StockPlaceRequest } from "./types";

export function usePlaces() {
  return useQuery({
    queryKey: ["stock", "places"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/stock/places", { signal })),
  });
}

export function useLevels() {
  return useQuery({
    queryKey: ["stock", "levels"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/stock", { signal })),
  });
}

export function useNeeds() {
  return useQuery({
    queryKey: ["stock", "needs"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/stock/needs", { signal })),
  });
}

export function useOrders() {
  return useQuery({
    queryKey: ["stock", "orders"],
    queryFn: ({ signal }) => told(api.GET("/api/v1/stock/orders", { signal })),
  });
}

/** What is kept for tickets now, over all of them. */
export function useKept() {
  return usePages(["stock", "kept"], (cursor, signal) =>
    told(api.GET("/api/v1/reservations", { params: { query: { cursor, limit: 100 } }, signal })),
  );
}

export function useMovements() {
  return usePages(["stock", "movements"], (cursor, signal) =>
    told(api.GET("/api/v1/stock/movements", { params: { query: { cursor, limit: 100 } }, signal })),
  );
}

export type StockCall =
  | { move: StockMove }
  | { transfer: { place_id: string; to_place_id: string; sku: string; quantity: number } }
  | { order: { sku: string; place_id: string; quantity: number } }
  | { receive: string }
  | { cancel: string };

/** Write a movement down, bring parts elsewhere, order, receive or call off. */
export function useStockCall() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (asked: StockCall): Promise<unknown> => {
      if ("move" in asked) return told(api.POST("/api/v1/stock/movements", { body: asked.move }));
      if ("transfer" in asked) return told(api.POST("/api/v1/stock/transfers", { body: asked.transfer }));
      if ("order" in asked) return told(api.POST("/api/v1/stock/orders", { body: asked.order }));
      const path = { order_id: "receive" in asked ? asked.receive : asked.cancel };
      if ("receive" in asked) return told(api.POST("/api/v1/stock/orders/{order_id}/receive", { params: { path } }));
      return told(api.POST("/api/v1/stock/orders/{order_id}/cancel", { params: { path } }));
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["stock"] }),
  });
}

/** Enter a depot or a van. */
export function useAddPlace() {
  const client = useQueryClient();
  return async (body: StockPlaceRequest) => {
    await told(api.POST("/api/v1/stock/places", { body }));
    await client.invalidateQueries({ queryKey: ["stock"] });
  };
}
