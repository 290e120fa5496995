// The live curves of one run.
import { SegmentedControl, useComputedColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useApi } from "../api/provider";
import { metricsQuery } from "../api/queries";
import type { MetricSeries, RunRead } from "../api/types";
import { Chart } from "../charts/Chart";
import {
  accuracyLines,
  amplitudeLines,
  epochsBySteps,
  firingRateLines,
  type Line,
  lossLines,
  type Smoothing,
} from "../charts/lines";
import { curveOption, curveSummary, type Mark } from "../charts/option";
import { type ChartTheme, chartTheme } from "../charts/palette";
import { EmptyState } from "../ui/EmptyState";
import { ErrorState } from "../ui/ErrorState";
import { Loading } from "../ui/Loading";
import { Section } from "../ui/Section";
import { resumeMarks } from "./marks";
import styles from "./run.module.css";

interface Panel {
  title: string;
  unit: string;
  lines: (series: MetricSeries[], theme: ChartTheme, smoothing: Smoothing) => Line[];
}

const PANELS: Panel[] = [
  { title: "Loss", unit: "train_loss", lines: lossLines },
  { title: "Accuracy", unit: "test_acc", lines: accuracyLines },
  { title: "Firing rate", unit: "firing_rate", lines: firingRateLines },
  { title: "Mean amplitude", unit: "amplitude_mean", lines: amplitudeLines },
];

export function Curves({ run }: { run: RunRead }) {
  const query = useQuery(metricsQuery(useApi(), run.id));
  const [smoothing, setSmoothing] = useState<Smoothing>("light");
  const theme = chartTheme(useComputedColorScheme("light"));
  const marks = useMemo(() => resumeMarks(run.attempts), [run.attempts]);
  const series = query.data?.series ?? [];

  return (
    <Section
      title="Curves"
      aside={
        series.some(({ name }) => name === "batch_loss") && (
          <SmoothingChoice value={smoothing} onChange={setSmoothing} />
        )
      }
    >
      {query.isPending && <Loading lines={5} what="curves" />}
      {query.error && !query.data && (
        <ErrorState
          error={query.error}
          what="The curves could not be read"
          onRetry={() => void query.refetch()}
        />
      )}
      {query.data && series.length === 0 && (
        <EmptyState title="Nothing measured yet">
          The first values come with the first optimiser steps.
        </EmptyState>
      )}
      {series.length > 0 && (
        <div className={styles.curves}>
          {PANELS.map((panel) => (
            <Curve key={panel.title} {...{ panel, series, theme, smoothing, marks }} />
          ))}
        </div>
      )}
    </Section>
  );
}

interface CurveProps {
  panel: Panel;
  series: MetricSeries[];
  theme: ChartTheme;
  smoothing: Smoothing;
  marks: Mark[];
}

function Curve({ panel, series, theme, smoothing, marks }: CurveProps) {
  const { title, unit } = panel;
  const lines = useMemo(
    () => panel.lines(series, theme, smoothing),
    [panel, series, theme, smoothing],
  );
  const option = useMemo(
    () => curveOption({ lines, theme, unit, marks, epochs: epochsBySteps(series) }),
    [lines, theme, unit, marks, series],
  );
  if (lines.length === 0) return null;
  return (
    <figure className={styles.curve}>
      <figcaption>{title}</figcaption>
      <Chart option={option} label={curveSummary(title, lines, unit)} />
    </figure>
  );
}

function SmoothingChoice(props: { value: Smoothing; onChange: (value: Smoothing) => void }) {
  return (
    <span className={styles.smoothing}>
      <span id="smoothing">Smooth batch loss</span>
      <SegmentedControl
        size="xs"
        aria-labelledby="smoothing"
        data={[
          { value: "none", label: "Off" },
          { value: "light", label: "Light" },
          { value: "strong", label: "Strong" },
        ]}
        value={props.value}
        onChange={(value) => props.onChange(value as Smoothing)}
      />
    </span>
  );
}
