// What the page asks the server, and under which cache key each answer lives.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { type Api, body } from "./client";
import type { RunStatus } from "./types";

export const RUNS_PER_PAGE = 50;

/** Most runs of one study that its page shows square by square. */
export const STUDY_RUNS_SHOWN = 200;

/** Events keep the cache fresh; this only heals what an event could not tell. */
const SAFETY_REFETCH_MS = 30_000;

export interface RunListFilter {
  status: RunStatus[];
  filter: string;
}

export const keys = {
  runLists: ["runs", "list"] as const,
  runList: (filter: RunListFilter) => ["runs", "list", filter] as const,
  run: (id: string) => ["runs", "one", id] as const,
  metrics: (id: string) => ["runs", "metrics", id] as const,
  histograms: (id: string) => ["runs", "histograms", id] as const,
  log: (id: string) => ["runs", "log", id] as const,
  artifacts: (id: string) => ["runs", "artifacts", id] as const,
  studyLists: ["studies", "list"] as const,
  study: (id: string) => ["studies", "one", id] as const,
  studyTable: (id: string) => ["studies", "table", id] as const,
  studyRuns: (id: string) => ["studies", "runs", id] as const,
  certificate: (modelId: string) => ["models", "certificate", modelId] as const,
  workers: ["workers"] as const,
  info: ["info"] as const,
};

export function runListQuery(api: Api, { status, filter }: RunListFilter) {
  return infiniteQueryOptions({
    queryKey: keys.runList({ status, filter }),
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET("/api/v1/runs", {
          params: {
            query: {
              limit: RUNS_PER_PAGE,
              ...(status.length > 0 && { status }),
              ...(filter !== "" && { filter }),
              ...(pageParam !== null && { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: SAFETY_REFETCH_MS,
  });
}

export function runQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: keys.run(id),
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/runs/{run_id}", { params: { path: { run_id: id } }, signal })),
    refetchInterval: SAFETY_REFETCH_MS,
  });
}

export function metricsQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: keys.metrics(id),
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/runs/{run_id}/metrics", {
          params: { path: { run_id: id }, query: { max_points: 1000 } },
          signal,
        }),
      ),
  });
}

/** Names of a run's distributions, and one of them at every step. */
export function histogramsQuery(api: Api, id: string, name: string | null) {
  return queryOptions({
    queryKey: [...keys.histograms(id), name],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/runs/{run_id}/histograms", {
          params: { path: { run_id: id }, query: name === null ? {} : { name: [name] } },
          signal,
        }),
      ),
  });
}

export function logQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: keys.log(id),
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/runs/{run_id}/log", {
          params: { path: { run_id: id }, query: { limit: 200 } },
          signal,
        }),
      ),
  });
}

export function artifactsQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: keys.artifacts(id),
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/runs/{run_id}/artifacts", { params: { path: { run_id: id } }, signal }),
      ),
  });
}

export function certificateQuery(api: Api, modelId: string) {
  return queryOptions({
    queryKey: keys.certificate(modelId),
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/models/{model_id}/certificate", {
          params: { path: { model_id: modelId } },
          signal,
        }),
      ),
  });
}

export function studyListQuery(api: Api) {
  return queryOptions({
    queryKey: keys.studyLists,
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/studies", { params: { query: { limit: 50 } }, signal })),
    refetchInterval: SAFETY_REFETCH_MS,
  });
}

export function studyQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: keys.study(id),
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/studies/{study_id}", { params: { path: { study_id: id } }, signal })),
    refetchInterval: SAFETY_REFETCH_MS,
  });
}

export function studyTableQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: keys.studyTable(id),
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/studies/{study_id}/table", { params: { path: { study_id: id } }, signal }),
      ),
  });
}

export function studyRunsQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: keys.studyRuns(id),
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/runs", {
          params: { query: { study_id: id, limit: STUDY_RUNS_SHOWN } },
          signal,
        }),
      ),
    refetchInterval: SAFETY_REFETCH_MS,
  });
}

export function workersQuery(api: Api) {
  return queryOptions({
    queryKey: keys.workers,
    queryFn: ({ signal }) => body(api.GET("/api/v1/workers", { signal })),
    // A worker that died says nothing, so ask a little more often.
    refetchInterval: 10_000,
  });
}

export function infoQuery(api: Api) {
  return queryOptions({
    queryKey: keys.info,
    queryFn: ({ signal }) => body(api.GET("/api/v1/info", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
