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
    not_before: null,
    worker_id: null,
    cancel_requested: false,
    source: "worker",
    spec: { ...SPEC, ...(changes.spec ?? {}) },
    spec_digest: "ab".repeat(32),
    progress: null,
    summary: {},
    created_at: "2026-01-01T00:00:00Z",
    started_at: null,
    finished_at: null,
    archived_at: null,
    ...changes,
  };
}

export const SPEC: RunSummary["spec"] = {
  dataset: "digits",
  train_samples: null,
  test_samples: null,
  image_size: null,
  augmentation: "none",
  cutout: 0,
  roll: 0,
  event_slicing: "time",
  network: "small-conv",
  width: null,
  pooling: "average",
  sew_connect: "add",
  num_timesteps: 4,
  spike: "binary",
  decay: 0.25,
  learn_decay: false,
  v_threshold: 0.5,
  reset: "hard",
  detach_reset: false,
  membrane_norm: "none",
  surrogate: "rectangle",
  surrogate_width: 1.0,
  granularity: "channel",
  amplitude_constraint: "free",
  amplitude_weight_decay: 0.0,
  epochs: 8,
  batch_size: 64,
  optimizer: "adam",
  lr: 0.009,
  momentum: 0.9,
  weight_decay: 0.0,
  schedule: "one-cycle",
  step_epochs: 30,
  step_factor: 0.1,
  warmup_epochs: 0.0,
  label_smoothing: 0.0,
  clip_norm: null,
  ema_decay: null,
  early_stop_epochs: null,
  precision: "fp32",
  compile: false,
  deterministic: true,
  regularizer: "none",
  regularizer_weight: 0.005,
  distillation: "none",
  distillation_weight: 0.5,
  distillation_temperature: 2.0,
  auxiliary_heads: "none",
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
    script: null,
    n: 0,
    runs: 3,
    failed: 0,
    pruned: 0,
    mean: null,
    std: null,
    interval: null,
    bootstrap: null,
    baseline: false,
    comparison: null,
    values: [],
    run_ids: [],
    verdicts: {},
    ...changes,
  };
}
