/** What other departments are asked to do for a ticket. */
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, told } from "./client";

export function useAskTask(number: number) {
  const client = useQueryClient();
  const params = { path: { key: String(number) } };
  return useMutation({
    mutationFn: (body: { department: string; text: string }) =>
      told(api.POST("/api/v1/tickets/{key}/tasks", { params, body })),
    onSettled: () => client.invalidateQueries({ queryKey: ["ticket"] }),
  });
}

export function useAnswerTask() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, step }: { id: string; step: "do" | "decline" }) =>
      told(api.POST("/api/v1/tasks/{task_id}/answer", { params: { path: { task_id: id } }, body: { step } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["ticket"] }),
  });
}
