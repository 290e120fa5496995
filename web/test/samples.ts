// Small, complete answers of the server for tests to vary.
import type { EventRead, RunSummary, StudyCell } from "../src/api/types";

export function run(changes: Partial<RunSummary> = {}): RunSummary {
  return {
    id: "run_1",
    name: "digits",
    experiment: "default",
    study_id: null,
    tags: [],
    priority: 0,
    status: "queued",
    reason: null,
    detail: null,
    attempt: 0,
    worker_id: null,
    cancel_requested: false,
    spec: { ...SPEC, ...(changes.spec ?? {}) },
    spec_digest: "ab".repeat(32),
    progress: null,
    summary: {},
    created_at: "2026-01-01T00:00:00Z",
    started_at: null,
    finished_at: null,
    ...changes,
  };
}

export const SPEC: RunSummary["spec"] = {
  dataset: "digits",
  train_samples: null,
  test_samples: null,
  augmentation: "none",
  network: "small-conv",
  width: 16,
  pooling: "average",
  num_timesteps: 4,
  decay: 0.25,
  v_threshold: 0.5,
  surrogate: "rectangle",
  surrogate_width: 1,
  granularity: "channel",
  amplitude_weight_decay: 0,
  epochs: 8,
  batch_size: 64,
  optimizer: "adam",
  lr: 0.009,
  momentum: 0.9,
  weight_decay: 0,
  schedule: "one-cycle",
  label_smoothing: 0,
  certificate_samples: 256,
  seed: 0,
};

let lastId = 0;

export function event(
  kind: EventRead["kind"],
  data: Record<string, unknown>,
  changes: Partial<EventRead> = {},
): EventRead {
  lastId += 1;
  return {
    id: lastId,
    kind,
    run_id: "run_1",
    study_id: null,
    data,
    created_at: "2026-01-01T00:01:00Z",
    ...changes,
  };
}

export function cell(changes: Partial<StudyCell> = {}): StudyCell {
  return {
    levels: { granularity: "channel" },
    n: 0,
    runs: 3,
    failed: 0,
    mean: null,
    std: null,
    values: [],
    run_ids: [],
    verdicts: {},
    ...changes,
  };
}
