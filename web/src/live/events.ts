// A server-sent event of the service, read defensively from its JSON.
import type { EventRead } from "../api/types";

export const EVENT_KINDS = [
  "run",
  "progress",
  "metrics",
  "histograms",
  "log",
  "study",
  "model",
  "worker",
] as const satisfies readonly EventRead["kind"][];

export type LiveEvent = EventRead;

/** The event in a message's text, or null when it is none that this page knows. */
export function parseEvent(text: string): LiveEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const event = value as Partial<LiveEvent>;
  if (typeof event.id !== "number" || !EVENT_KINDS.includes(event.kind as EventRead["kind"]))
    return null;
  return {
    id: event.id,
    kind: event.kind as EventRead["kind"],
    run_id: event.run_id ?? null,
    study_id: event.study_id ?? null,
    data: typeof event.data === "object" && event.data !== null ? event.data : {},
    created_at: event.created_at ?? "",
  };
}
