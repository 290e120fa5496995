// A study's runs as a grid: one row a combination of levels, one column a seed.
import type { RunSummary } from "../api/types";
import { specValue } from "../runs/factors";

export interface GridRow {
  key: string;
  levels: { name: string; value: string }[];
  /** The run of each seed, in the order of `seeds`. */
  runs: (RunSummary | undefined)[];
}

export interface Grid {
  seeds: number[];
  rows: GridRow[];
}

/** The seed of a run, which a script may not have given. */
function seedOf(run: RunSummary): number | null {
  return typeof run.spec.seed === "number" ? run.spec.seed : null;
}

export function studyGrid(runs: RunSummary[], factors: string[]): Grid {
  const known = runs.map(seedOf).filter((seed) => seed !== null);
  const seeds = [...new Set(known)].sort((a, b) => a - b);
  const rows = new Map<string, GridRow>();
  // Oldest first, so that rows stand in the order in which the study was written.
  for (const run of [...runs].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const spec: Record<string, unknown> = run.spec;
    const levels = factors.map((name) => ({ name, value: specValue(name, spec[name]) }));
    const values = levels.map(({ value }) => value).join(" · ");
    const key = run.source === "script" ? run.name : values;
    const seed = seedOf(run);
    if (seed === null) continue;
    const row = rows.get(key) ?? { key, levels, runs: seeds.map(() => undefined) };
    row.runs[seeds.indexOf(seed)] = run;
    rows.set(key, row);
  }
  return { seeds, rows: [...rows.values()] };
}
