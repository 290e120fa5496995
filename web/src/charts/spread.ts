// From histograms to lines: where the values of a layer lie, step by step.
import type { HistogramSeries } from "../api/types";
import type { Line } from "./lines";
import type { ChartTheme } from "./palette";

const PARTS = [
  { name: "largest", share: 1 },
  { name: "upper quartile", share: 0.75 },
  { name: "median", share: 0.5 },
  { name: "lower quartile", share: 0.25 },
  { name: "smallest", share: 0 },
];

/** Extremes, quartiles and median of a distribution over the steps. */
export function spreadLines(series: HistogramSeries, theme: ChartTheme): Line[] {
  if (series.steps.length === 0) return [];
  return PARTS.map(({ name, share }, part) => ({
    name,
    color: share === 0.5 ? theme.text : (theme.layers[part] ?? theme.dim),
    weight: share === 0.5 ? "main" : "thin",
    points: series.steps.map((step, at) => [
      step,
      quantile(series.counts[at] ?? [], series.lows[at] ?? 0, series.highs[at] ?? 0, share),
    ]),
  }));
}

/** The value below which a share of all lies, as if each bin's values were spread evenly in it. */
export function quantile(counts: number[], low: number, high: number, share: number): number {
  const wanted = share * counts.reduce((sum, one) => sum + one, 0);
  const width = (high - low) / counts.length;
  let below = 0;
  for (const [bin, one] of counts.entries()) {
    if (one > 0 && below + one >= wanted) return low + width * (bin + (wanted - below) / one);
    below += one;
  }
  return high;
}
