// What the page can change: each is one POST, after which the affected answers are asked again.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type Api, body } from "./client";
import { useApi } from "./provider";

export type ActionName = "cancelRun" | "retryRun" | "cancelStudy";

const ACTIONS: Record<ActionName, (api: Api, id: string) => Promise<unknown>> = {
  cancelRun: (api, id) =>
    body(api.POST("/api/v1/runs/{run_id}/cancel", { params: { path: { run_id: id } } })),
  retryRun: (api, id) =>
    body(api.POST("/api/v1/runs/{run_id}/retry", { params: { path: { run_id: id } } })),
  cancelStudy: (api, id) =>
    body(api.POST("/api/v1/studies/{study_id}/cancel", { params: { path: { study_id: id } } })),
};

export function useAction(name: ActionName, id: string) {
  const api = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ACTIONS[name](api, id),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["runs"] }),
        client.invalidateQueries({ queryKey: ["studies"] }),
      ]),
  });
}
