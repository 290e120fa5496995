// The numbers behind the little plots of a study's table: pure.
import type { StudyCell } from "../api/types";

export interface Domain {
  low: number;
  high: number;
}

/** The range that every row of a table shares, with a little air; null without values. */
export function domainOf(cells: StudyCell[]): Domain | null {
  const values = cells.flatMap(({ values, mean, std }) =>
    mean === null || std === null ? values : [...values, mean - std, mean + std],
  );
  if (values.length === 0) return null;
  const low = Math.min(...values);
  const high = Math.max(...values);
  const air = (high - low || Math.abs(high) || 1) * 0.04;
  return { low: low - air, high: high + air };
}

/** A value's place in the domain, from 0 to 1. */
export function place(value: number, { low, high }: Domain): number {
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/** The cells whose mean is best by the study's goal; several when they tie, none before any. */
export function bestCells(cells: StudyCell[], goal: "maximize" | "minimize"): Set<StudyCell> {
  const means = cells.flatMap(({ mean }) => (mean === null ? [] : [mean]));
  if (means.length === 0) return new Set();
  const best = goal === "maximize" ? Math.max(...means) : Math.min(...means);
  return new Set(cells.filter(({ mean }) => mean === best));
}
