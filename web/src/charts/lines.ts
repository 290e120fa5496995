// From stored metric series to the lines of each chart: pure, and blind to how they are drawn.
import type { MetricSeries } from "../api/types";
import type { ChartTheme } from "./palette";

export type LinePoint = [step: number, value: number];

export interface Line {
  name: string;
  color: string;
  points: LinePoint[];
  /** "raw" is drawn faint beneath the others, "smoothed" without dots; "main" carries the message. */
  weight: "raw" | "smoothed" | "thin" | "main";
}

/** How strongly the batch loss is smoothed; the raw line stays whatever is chosen. */
export type Smoothing = "none" | "light" | "strong";

const EMA: Record<Exclude<Smoothing, "none">, number> = { light: 0.6, strong: 0.9 };

export function lossLines(
  series: MetricSeries[],
  theme: ChartTheme,
  smoothing: Smoothing = "light",
): Line[] {
  const batch = pointsOf(series, "batch_loss");
  return present([
    { name: "batch, raw", color: theme.raw, points: batch, weight: "raw" },
    {
      name: "batch, smoothed",
      color: theme.dim,
      points: smoothing === "none" ? [] : smooth(batch, EMA[smoothing]),
      weight: "smoothed",
    },
    { name: "train", color: theme.train, points: pointsOf(series, "train_loss"), weight: "main" },
    { name: "test", color: theme.test, points: pointsOf(series, "test_loss"), weight: "main" },
  ]);
}

export function accuracyLines(series: MetricSeries[], theme: ChartTheme): Line[] {
  return present([
    { name: "train", color: theme.train, points: pointsOf(series, "train_acc"), weight: "main" },
    { name: "test", color: theme.test, points: pointsOf(series, "test_acc"), weight: "main" },
  ]);
}

/** Share of neurons that spike per time step: one thin line a layer, and their mean. */
export function firingRateLines(series: MetricSeries[], theme: ChartTheme): Line[] {
  return present([
    ...layerLines(series, "firing_rate/", theme),
    { name: "mean", color: theme.text, points: pointsOf(series, "firing_rate"), weight: "main" },
  ]);
}

/** Mean learned amplitude of each layer; a binary network has none. */
export function amplitudeLines(series: MetricSeries[], theme: ChartTheme): Line[] {
  return present(
    layerLines(series, "amplitude_mean/", theme).map((line) => ({ ...line, weight: "main" })),
  );
}

function layerLines(series: MetricSeries[], prefix: string, theme: ChartTheme): Line[] {
  return series
    .filter(({ name }) => name.startsWith(prefix))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }))
    .map(({ name }, index) => ({
      name: name.slice(prefix.length),
      color: theme.layers[index % theme.layers.length] ?? theme.dim,
      points: pointsOf(series, name),
      weight: "thin",
    }));
}

function pointsOf(series: MetricSeries[], name: string): LinePoint[] {
  const one = series.find((candidate) => candidate.name === name);
  if (one === undefined) return [];
  return one.steps.map((step, index) => [step, one.values[index] ?? Number.NaN]);
}

function present(lines: Line[]): Line[] {
  return lines.filter(({ points }) => points.length > 0);
}

/** Exponential moving average, corrected for its start, so that the first point is not pulled. */
export function smooth(points: LinePoint[], weight: number): LinePoint[] {
  let sum = 0;
  let mass = 0;
  return points.map(([step, value]) => {
    sum = weight * sum + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return [step, sum / mass];
  });
}

/** Optimiser steps to epochs, from every series that tells them. */
export function epochsBySteps(
  series: Pick<MetricSeries, "steps" | "epochs">[],
): Map<number, number> {
  const epochs = new Map<number, number>();
  for (const { steps, epochs: known } of series) {
    steps.forEach((step, index) => {
      const epoch = known[index];
      if (epoch !== null && epoch !== undefined) epochs.set(step, epoch);
    });
  }
  return epochs;
}
