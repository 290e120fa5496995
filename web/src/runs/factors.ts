// The few values of a run's specification that tell it from its neighbours.
import type { RunSummary, StudyRead } from "../api/types";

export interface Factor {
  name: string;
  value: string;
}

/** What tells runs apart that belong to no study. */
const USUAL = ["dataset", "network", "granularity", "num_timesteps"] as const;

/** The study's factors, or the usual ones, then the seed. */
export function factorsOf(run: RunSummary, study: StudyRead | undefined): Factor[] {
  const names: readonly string[] = study ? study.factors : USUAL;
  const spec: Record<string, unknown> = run.spec;
  return [...new Set([...names, "seed"])]
    .filter((name) => spec[name] !== undefined)
    .map((name) => ({ name, value: specValue(name, spec[name]) }));
}

/** A run's name without the "factor=level" words that stand beside it anyway. */
export function shortName(name: string, factors: Factor[]): string {
  const said = new Set(factors.map((factor) => `${factor.name}=${factor.value}`));
  const words = name.split(" ").filter((word) => !said.has(word));
  return words.join(" ") || name;
}

/** What an empty field stands for where it is not that something is off. */
const EMPTY: Record<string, string> = {
  train_samples: "all",
  test_samples: "all",
  image_size: "data set's own",
  width: "family's own",
};

/** A field of a specification as text. */
export function specValue(name: string, value: unknown): string {
  if (value === null || value === undefined) return EMPTY[name] ?? "off";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
