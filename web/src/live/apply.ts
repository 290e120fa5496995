// Carries a batch of events into the query cache: patches first, then the few things to ask again.
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { keys, type RunListFilter } from "../api/queries";
import {
  isTerminal,
  type MetricsRead,
  type RunPage,
  type RunRead,
  type RunStatus,
} from "../api/types";
import type { LiveEvent } from "./events";
import { isPartial, patchMetrics, patchRun } from "./patch";
import type { Refresher } from "./refresher";

/** Kinds of events that say nothing of the run's study. */
const OF_THE_RUN_ALONE: LiveEvent["kind"][] = ["log", "metrics", "histograms"];

export function applyEvents(client: QueryClient, events: LiveEvent[], refresher: Refresher): void {
  patchLists(client, events);
  for (const event of events) {
    if (event.run_id !== null) patchOne(client, event, event.run_id);
    if (event.kind === "run") askListsAgain(client, event, refresher);
    askAgain(event, refresher);
  }
}

/** A list is asked again when the run is new to it, or when its filter may now say otherwise. */
function askListsAgain(client: QueryClient, event: LiveEvent, { refresh }: Refresher): void {
  const lists = client.getQueriesData<InfiniteData<RunPage>>({ queryKey: keys.runLists });
  for (const [key, list] of lists) {
    const { status, filter } = key[2] as RunListFilter;
    const newest = list?.pages[0]?.items[0]?.id;
    // Ids sort by creation, so a greater one was made after the list was.
    const isNew = newest === undefined || (event.run_id ?? "") > newest;
    if (isNew || status.length > 0 || filter !== "") refresh(key);
  }
  if (event.study_id === null) return;
  const key = keys.studyRuns(event.study_id);
  const known = client.getQueryData<RunPage>(key)?.items.some(({ id }) => id === event.run_id);
  if (known === false) refresh(key);
}

function patchLists(client: QueryClient, events: LiveEvent[]): void {
  const byRun = new Map<string, LiveEvent[]>();
  for (const event of events) {
    if (event.run_id === null) continue;
    byRun.set(event.run_id, [...(byRun.get(event.run_id) ?? []), event]);
  }
  if (byRun.size === 0) return;

  const patchPage = (page: RunPage): RunPage => ({
    ...page,
    items: page.items.map((run) => (byRun.get(run.id) ?? []).reduce(patchRun, run)),
  });
  client.setQueriesData<InfiniteData<RunPage>>(
    { queryKey: keys.runLists },
    (old) => old && { ...old, pages: old.pages.map(patchPage) },
  );
  client.setQueriesData<RunPage>({ queryKey: ["studies", "runs"] }, (old) => old && patchPage(old));
}

function patchOne(client: QueryClient, event: LiveEvent, runId: string): void {
  client.setQueryData<RunRead>(keys.run(runId), (old) => old && patchRun(old, event));
  client.setQueryData<MetricsRead>(keys.metrics(runId), (old) => old && patchMetrics(old, event));
}

function askAgain(event: LiveEvent, { refresh }: Refresher): void {
  const { run_id: runId, study_id: studyId } = event;
  if (event.kind === "worker") refresh(keys.workers);
  if (event.kind === "histograms" && runId !== null) refresh(keys.histograms(runId));
  if (event.kind === "log" && runId !== null) refresh(keys.log(runId));
  if (event.kind === "metrics" && runId !== null && isPartial(event)) refresh(keys.metrics(runId));
  if (event.kind === "run" && runId !== null) {
    refresh(keys.run(runId));
    refresh(keys.workers);
    // A new attempt drops the points after its checkpoint; an ended one has its files.
    refresh(keys.metrics(runId));
    refresh(keys.histograms(runId));
    refresh(keys.artifacts(runId));
  }
  if (event.kind === "model" && runId !== null) {
    refresh(keys.run(runId));
    refresh(keys.artifacts(runId));
  }
  if (studyId === null || OF_THE_RUN_ALONE.includes(event.kind)) return;
  refresh(keys.studyLists);
  refresh(keys.study(studyId));
  if (event.kind === "model" || isTerminal(event.data.status as RunStatus)) {
    refresh(keys.studyTable(studyId));
  }
}
