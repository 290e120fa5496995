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

export function studyGrid(runs: RunSummary[], factors: string[]): Grid {
  const seeds = [...new Set(runs.map((run) => run.spec.seed))].sort((a, b) => a - b);
  const rows = new Map<string, GridRow>();
  // Oldest first, so that rows stand in the order in which the study was written.
  for (const run of [...runs].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const spec: Record<string, unknown> = run.spec;
    const levels = factors.map((name) => ({ name, value: specValue(name, spec[name]) }));
    const key = levels.map(({ value }) => value).join(" · ");
    const row = rows.get(key) ?? { key, levels, runs: seeds.map(() => undefined) };
    row.runs[seeds.indexOf(run.spec.seed)] = run;
    rows.set(key, row);
  }
  return { seeds, rows: [...rows.values()] };
}
