// The figures of a run that lists show, and where each comes from.
import type { RunSummary } from "../api/types";

/** Newest training loss: of the last steps while it runs, of the last epoch afterwards. */
export function lossOf(run: RunSummary): number | null {
  const ofSteps = run.progress?.loss;
  const ofEpoch = run.summary.train_loss;
  return (run.status === "running" ? (ofSteps ?? ofEpoch) : (ofEpoch ?? ofSteps)) ?? null;
}

/** Newest accuracy on the test samples. */
export function accuracyOf(run: RunSummary): number | null {
  return run.summary.test_acc ?? run.progress?.accuracy ?? null;
}

/** Share of all optimiser steps done, from 0 to 1. */
export function shareDone(run: RunSummary): number {
  const { step = 0, steps = 0 } = run.progress ?? {};
  return steps > 0 ? Math.min(1, step / steps) : 0;
}

/** Epochs done and to do, 0 where a script does not say; before the first report the spec knows. */
export function epochsOf(run: RunSummary): { done: number; all: number } {
  const planned = run.source === "worker" ? Number(run.spec.epochs) : 0;
  return { done: run.progress?.epoch ?? 0, all: run.progress?.epochs ?? planned };
}
