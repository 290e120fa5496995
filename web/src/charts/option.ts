// From lines to an ECharts option: the one look that all curves share.
import type { EChartsCoreOption } from "echarts/core";
import { count, metric } from "../format/numbers";
import type { Line } from "./lines";
import type { ChartTheme } from "./palette";

export interface Mark {
  step: number;
  text: string;
}

export interface CurveOptions {
  lines: Line[];
  theme: ChartTheme;
  /** A metric's name that stands for the unit of the values, for example "test_acc". */
  unit: string;
  marks?: Mark[];
  epochs?: Map<number, number>;
}

const DEPTH: Record<Line["weight"], number> = { raw: 1, smoothed: 2, thin: 2, main: 3 };
const WIDTH: Record<Line["weight"], number> = { raw: 1, smoothed: 1.25, thin: 1.25, main: 2 };

/** Up to so many points of a line are drawn as dots too: a single epoch is visible. */
const DOTS_UP_TO = 40;

export function curveOption(options: CurveOptions): EChartsCoreOption {
  const { lines, theme, unit, marks = [], epochs = new Map() } = options;
  const axis = {
    axisLine: { lineStyle: { color: theme.grid } },
    axisTick: { show: false },
    axisLabel: { color: theme.dim, fontSize: 11, hideOverlap: true },
    splitLine: { lineStyle: { color: theme.grid } },
  };
  return {
    animation: false,
    textStyle: { fontFamily: "inherit" },
    grid: { left: 8, right: 14, top: 38, bottom: 18, containLabel: true },
    legend: {
      top: 0,
      left: 0,
      icon: "roundRect",
      itemWidth: 12,
      itemHeight: 3,
      itemGap: 14,
      textStyle: { color: theme.dim, fontSize: 12 },
      type: "scroll",
      data: lines.map(({ name }) => name),
    },
    tooltip: {
      trigger: "axis",
      backgroundColor: theme.surface,
      borderColor: theme.grid,
      textStyle: { color: theme.text, fontSize: 12 },
      axisPointer: { lineStyle: { color: theme.dim, type: "dotted" } },
      formatter: (items: TooltipItem[]) => tooltip(items, unit, epochs),
    },
    xAxis: {
      ...axis,
      type: "value",
      min: 0,
      max: "dataMax",
      splitLine: { show: false },
      name: "optimiser step",
      nameLocation: "middle",
      nameGap: 22,
      nameTextStyle: { color: theme.dim, fontSize: 11 },
    },
    yAxis: {
      ...axis,
      type: "value",
      scale: true,
      axisLabel: { ...axis.axisLabel, formatter: (value: number) => axisText(unit, value) },
    },
    series: lines.map((line, index) => ({
      id: line.name,
      name: line.name,
      type: "line",
      data: line.points,
      showSymbol: hasDots(line),
      symbolSize: line.weight === "main" ? 5 : 4,
      symbol: "circle",
      sampling: "minmax",
      lineStyle: { width: WIDTH[line.weight], color: line.color },
      itemStyle: { color: line.color },
      emphasis: { disabled: true },
      z: DEPTH[line.weight],
      ...(index === 0 && marks.length > 0 && { markLine: markLine(marks, theme) }),
    })),
  };
}

/** A dot stands for a measurement, so a smoothed line has none. */
function hasDots({ weight, points }: Line): boolean {
  return (weight === "main" || weight === "thin") && points.length <= DOTS_UP_TO;
}

function markLine(marks: Mark[], theme: ChartTheme) {
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: theme.dim, type: "dashed", width: 1 },
    label: { color: theme.dim, fontSize: 11, position: "end", distance: 3, rotate: 0 },
    data: marks.map(({ step, text }) => ({ xAxis: step, label: { formatter: text } })),
  };
}

interface TooltipItem {
  seriesName: string;
  color: string;
  value: [number, number];
}

function tooltip(items: TooltipItem[], unit: string, epochs: Map<number, number>): string {
  const step = items[0]?.value[0];
  if (step === undefined) return "";
  const epoch = epochs.get(step);
  const head = `step ${count(step)}${epoch === undefined ? "" : ` · epoch ${epoch}`}`;
  const rows = items.map(
    ({ seriesName, color, value }) =>
      `<div style="display:flex;gap:12px;justify-content:space-between">` +
      `<span><span style="color:${color}">●</span> ${escapeHtml(seriesName)}</span>` +
      `<b style="font-variant-numeric:tabular-nums">${metric(unit, value[1])}</b></div>`,
  );
  return [head, ...rows].join("");
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function axisText(unit: string, value: number): string {
  const isShare = metric(unit, 0.5) === "50.00 %";
  if (!isShare) return String(Number(value.toPrecision(3)));
  return `${Number((value * 100).toPrecision(3))} %`;
}

/** What a person who cannot see the chart is told of it. */
export function curveSummary(title: string, lines: Line[], unit: string): string {
  const ends = lines
    .filter(({ weight }) => weight !== "raw")
    .map(({ name, points }) => `${name} ${metric(unit, points.at(-1)?.[1])}`);
  return `${title}. Newest values: ${ends.join(", ")}.`;
}
