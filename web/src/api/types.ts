// The wire's nouns under short names; everything comes from the generated schema.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Problem = Schemas["Problem"];
export type RunStatus = Schemas["RunStatus"];
export type Progress = Schemas["ProgressRead"];
export type RunSummary = Schemas["RunSummary"];
export type RunRead = Schemas["RunRead"];
export type RunPage = Schemas["RunPage"];
export type Attempt = Schemas["AttemptRead"];
export type MetricSeries = Schemas["MetricSeries"];
export type MetricsRead = Schemas["MetricsRead"];
export type HistogramSeries = Schemas["HistogramSeries"];
export type LogLine = Schemas["LogLineRead"];
export type LogPage = Schemas["LogPage"];
export type Artifact = Schemas["ArtifactRead"];
export type StudyRead = Schemas["StudyRead"];
export type StudyPage = Schemas["StudyPage"];
export type StudyTable = Schemas["StudyTable"];
export type StudyCell = Schemas["StudyCell"];
export type EventRead = Schemas["EventRead"];
export type WorkerRead = Schemas["WorkerRead"];

export const RUN_STATUSES = [
  "running",
  "queued",
  "paused",
  "succeeded",
  "failed",
  "cancelled",
] as const satisfies readonly RunStatus[];

/** A run that no worker will touch again by itself. */
export function isTerminal(status: RunStatus): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}
