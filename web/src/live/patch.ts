// What one event changes in an answer that the page already has: pure, old answer in, new one out.
import {
  isTerminal,
  type MetricSeries,
  type MetricsRead,
  type Progress,
  type RunStatus,
  type RunSummary,
} from "../api/types";
import type { LiveEvent } from "./events";

/** The server puts the newest so many points of one write into its event. */
const MOST_CARRIED = 100;

type Point = [step: number, value: number, epoch: number | null];

/** The run after the event, or the same object when the event says nothing about it. */
export function patchRun<T extends RunSummary>(run: T, event: LiveEvent): T {
  if (event.run_id !== run.id) return run;
  if (event.kind === "progress") return { ...run, progress: event.data as unknown as Progress };
  if (event.kind === "metrics") return { ...run, summary: { ...run.summary, ...newest(event) } };
  if (event.kind === "run") return patchStatus(run, event);
  return run;
}

function patchStatus<T extends RunSummary>(run: T, { data, created_at }: LiveEvent): T {
  const status = (data.status as RunStatus | undefined) ?? run.status;
  return {
    ...run,
    status,
    reason: (data.reason as string | null | undefined) ?? null,
    detail: status === run.status ? run.detail : null,
    attempt: (data.attempt as number | undefined) ?? run.attempt,
    started_at: status === "running" ? (run.started_at ?? created_at) : run.started_at,
    finished_at: isTerminal(status) ? (run.finished_at ?? created_at) : null,
  };
}

/** Points that a metrics event carries, by name; empty when there were too many to carry. */
export function pointsOf(event: LiveEvent): Record<string, Point[]> {
  const points = event.data.points;
  return typeof points === "object" && points !== null ? (points as Record<string, Point[]>) : {};
}

/** True when a metrics event may carry less than was written, so the answer must be asked again. */
export function isPartial(event: LiveEvent): boolean {
  const carried = Object.values(pointsOf(event)).reduce((sum, points) => sum + points.length, 0);
  return carried === 0 || carried >= MOST_CARRIED;
}

function newest(event: LiveEvent): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [name, points] of Object.entries(pointsOf(event))) {
    const last = points.reduce<Point | undefined>(
      (best, point) => (best === undefined || point[0] >= best[0] ? point : best),
      undefined,
    );
    if (last !== undefined) values[name] = last[1];
  }
  return values;
}

/** The metrics after the event: new steps appended, a repeated step replaced. */
export function patchMetrics(read: MetricsRead, event: LiveEvent): MetricsRead {
  const incoming = pointsOf(event);
  if (event.kind !== "metrics" || event.run_id !== read.run_id) return read;
  const series = read.series.map((one) => {
    const points = incoming[one.name];
    return points === undefined ? one : patchSeries(one, points);
  });
  for (const [name, points] of Object.entries(incoming)) {
    if (series.some((one) => one.name === name)) continue;
    series.push(patchSeries({ name, total: 0, steps: [], values: [], epochs: [] }, points));
  }
  return { ...read, series };
}

function patchSeries(series: MetricSeries, points: Point[]): MetricSeries {
  const steps = [...series.steps];
  const values = [...series.values];
  const epochs = [...series.epochs];
  let added = 0;
  for (const [step, value, epoch] of points) {
    let at = steps.length;
    while (at > 0 && (steps[at - 1] ?? -1) >= step) at -= 1;
    const repeated = steps[at] === step;
    steps.splice(at, repeated ? 1 : 0, step);
    values.splice(at, repeated ? 1 : 0, value);
    epochs.splice(at, repeated ? 1 : 0, epoch ?? null);
    if (!repeated) added += 1;
  }
  return { name: series.name, total: series.total + added, steps, values, epochs };
}
