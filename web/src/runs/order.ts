// The order of the list: what runs now comes first, wherever in the queue it was.
import type { RunSummary } from "../api/types";

/** `running` on top of `runs`, each run once; a run that ended meanwhile takes its own place. */
export function runningFirst(runs: RunSummary[], running: RunSummary[]): RunSummary[] {
  const top = running.filter((run) => run.status === "running");
  const shown = new Set(top.map(({ id }) => id));
  return [...top, ...runs.filter(({ id }) => !shown.has(id))];
}
