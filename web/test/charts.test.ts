import { describe, expect, it } from "vitest";
import type { MetricSeries } from "../src/api/types";
import {
  accuracyLines,
  amplitudeLines,
  epochsBySteps,
  firingRateLines,
  lossLines,
  smooth,
} from "../src/charts/lines";
import { curveOption, curveSummary } from "../src/charts/option";
import { chartTheme } from "../src/charts/palette";
import { quantile, spreadLines } from "../src/charts/spread";

const theme = chartTheme("light");

function series(name: string, values: number[], epochs: (number | null)[] = []): MetricSeries {
  return {
    name,
    total: values.length,
    steps: values.map((_, index) => (index + 1) * 10),
    values,
    epochs: values.map((_, index) => epochs[index] ?? null),
  };
}

describe("lines", () => {
  const losses = [series("batch_loss", [2, 1, 3]), series("train_loss", [2]), series("lr", [1])];

  it("keeps the raw batch loss whatever the smoothing", () => {
    for (const smoothing of ["none", "light", "strong"] as const) {
      const raw = lossLines(losses, theme, smoothing).find(({ weight }) => weight === "raw");
      expect(raw?.points).toEqual([
        [10, 2],
        [20, 1],
        [30, 3],
      ]);
    }
  });

  it("adds a smoothed line only when asked", () => {
    const names = (smoothing: "none" | "light") =>
      lossLines(losses, theme, smoothing).map(({ name }) => name);
    expect(names("none")).toEqual(["batch, raw", "train"]);
    expect(names("light")).toEqual(["batch, raw", "batch, smoothed", "train"]);
  });

  it("smooths without a pull towards zero, and leaves a constant alone", () => {
    expect(smooth([[0, 4]], 0.9)[0]?.[1]).toBeCloseTo(4);
    for (const [, value] of smooth(
      series("x", [3, 3, 3, 3]).values.map((v, i) => [i, v]),
      0.8,
    )) {
      expect(value).toBeCloseTo(3);
    }
  });

  it("leaves out what was not measured", () => {
    expect(accuracyLines([], theme)).toEqual([]);
    expect(amplitudeLines([series("firing_rate", [0.1])], theme)).toEqual([]);
  });

  it("orders layers as people count and puts the mean on top", () => {
    const rates = ["firing_rate", "firing_rate/conv10", "firing_rate/conv2"].map((name) =>
      series(name, [0.1]),
    );
    const lines = firingRateLines(rates, theme);
    expect(lines.map(({ name }) => name)).toEqual(["conv2", "conv10", "mean"]);
    expect(lines.at(-1)?.weight).toBe("main");
  });

  it("finds a step's epoch in any series", () => {
    expect(epochsBySteps([series("a", [1, 2], [null, 2]), series("b", [1], [1])])).toEqual(
      new Map([
        [20, 2],
        [10, 1],
      ]),
    );
  });
});

describe("option", () => {
  const lines = accuracyLines([series("train_acc", [0.5, 0.75]), series("test_acc", [0.4])], theme);

  interface Drawn {
    series: { id: string; data: unknown; showSymbol: boolean; markLine?: { data: unknown[] } }[];
    yAxis: { axisLabel: { formatter: (value: number) => string } };
    tooltip: { formatter: (items: unknown[]) => string };
  }

  const draw = (options = {}) =>
    curveOption({ lines, theme, unit: "test_acc", ...options }) as unknown as Drawn;

  it("draws every line with its points", () => {
    expect(draw().series.map(({ id, data }) => [id, data])).toEqual([
      ["train", lines[0]?.points],
      ["test", lines[1]?.points],
    ]);
  });

  it("labels the axis in the metric's unit", () => {
    expect(draw().yAxis.axisLabel.formatter(0.975)).toBe("97.5 %");
    expect(draw({ unit: "train_loss" }).yAxis.axisLabel.formatter(0.25)).toBe("0.25");
  });

  it("marks where an attempt went on, once", () => {
    const drawn = draw({ marks: [{ step: 46, text: "attempt 2" }] });
    expect(drawn.series.filter(({ markLine }) => markLine).length).toBe(1);
    expect(drawn.series[0]?.markLine?.data).toEqual([
      { xAxis: 46, label: { formatter: "attempt 2" } },
    ]);
  });

  it("puts dots on measurements, not on smoothed lines", () => {
    const loss = lossLines([series("batch_loss", [1, 2]), series("test_loss", [1])], theme);
    const drawn = curveOption({ lines: loss, theme, unit: "train_loss" }) as unknown as Drawn;
    expect(drawn.series.map(({ id, showSymbol }) => [id, showSymbol])).toEqual([
      ["batch, raw", false],
      ["batch, smoothed", false],
      ["test", true],
    ]);
  });

  it("tells step, epoch and value in the tooltip, and escapes names", () => {
    const text = draw({ epochs: new Map([[20, 2]]) }).tooltip.formatter([
      { seriesName: "<b>", color: "#000", value: [20, 0.75] },
    ]);
    expect(text).toContain("step 20 · epoch 2");
    expect(text).toContain("75.00 %");
    expect(text).not.toContain("<b></span>");
    expect(text).toContain("&#60;b&#62;");
  });

  it("says the newest values to those who cannot see it", () => {
    expect(curveSummary("Accuracy", lines, "test_acc")).toBe(
      "Accuracy. Newest values: train 75.00 %, test 40.00 %.",
    );
  });
});

describe("a distribution", () => {
  it("has its quantiles inside its bins", () => {
    const counts = [0, 2, 0, 2];
    expect(quantile(counts, 0, 4, 0)).toBe(1);
    expect(quantile(counts, 0, 4, 0.25)).toBe(1.5);
    expect(quantile(counts, 0, 4, 0.5)).toBe(2);
    expect(quantile(counts, 0, 4, 0.75)).toBe(3.5);
    expect(quantile(counts, 0, 4, 1)).toBe(4);
    expect(quantile([0, 0], -1, 1, 0.5)).toBe(1);
  });

  it("becomes five lines, the median in front", () => {
    const found = {
      name: "amplitude/conv1",
      steps: [10, 20],
      epochs: [1, 2],
      lows: [0, -1],
      highs: [2, 1],
      counts: [
        [1, 1],
        [4, 0],
      ],
    };
    const lines = spreadLines(found, theme);
    expect(lines.map(({ name, points }) => [name, points])).toEqual([
      [
        "largest",
        [
          [10, 2],
          [20, 0],
        ],
      ],
      [
        "upper quartile",
        [
          [10, 1.5],
          [20, -0.25],
        ],
      ],
      [
        "median",
        [
          [10, 1],
          [20, -0.5],
        ],
      ],
      [
        "lower quartile",
        [
          [10, 0.5],
          [20, -0.75],
        ],
      ],
      [
        "smallest",
        [
          [10, 0],
          [20, -1],
        ],
      ],
    ]);
    expect(lines.filter(({ weight }) => weight === "main").length).toBe(1);
    expect(epochsBySteps([found]).get(20)).toBe(2);
    const empty = { ...found, steps: [], epochs: [], lows: [], highs: [], counts: [] };
    expect(spreadLines(empty, theme)).toEqual([]);
  });
});
