// How the amplitudes and membranes of one layer are distributed while it trains.
import { NativeSelect, useComputedColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useApi } from "../api/provider";
import { histogramsQuery } from "../api/queries";
import type { HistogramSeries, RunRead } from "../api/types";
import { Chart } from "../charts/Chart";
import { epochsBySteps } from "../charts/lines";
import { curveOption, curveSummary } from "../charts/option";
import { chartTheme } from "../charts/palette";
import { spreadLines } from "../charts/spread";
import { ErrorState } from "../ui/ErrorState";
import { Loading } from "../ui/Loading";
import { Section } from "../ui/Section";
import { resumeMarks } from "./marks";
import styles from "./run.module.css";

/** Nothing at all while there is nothing to choose from. */
export function Distributions({ run }: { run: RunRead }) {
  const names = useQuery(histogramsQuery(useApi(), run.id, null)).data?.names ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  const shown = chosen !== null && names.includes(chosen) ? chosen : names[0];
  if (shown === undefined) return null;
  return (
    <Section
      title="Distributions"
      aside={
        <NativeSelect
          size="xs"
          aria-label="Distribution"
          data={names}
          value={shown}
          onChange={(event) => setChosen(event.currentTarget.value)}
        />
      }
    >
      <Distribution run={run} name={shown} />
    </Section>
  );
}

function Distribution({ run, name }: { run: RunRead; name: string }) {
  const query = useQuery(histogramsQuery(useApi(), run.id, name));
  const series = query.data?.series[0];
  if (series) return <Spread run={run} series={series} />;
  if (query.error) {
    return (
      <ErrorState
        error={query.error}
        what="The distribution could not be read"
        onRetry={() => void query.refetch()}
      />
    );
  }
  return <Loading lines={5} what="the distribution" />;
}

function Spread({ run, series }: { run: RunRead; series: HistogramSeries }) {
  const theme = chartTheme(useComputedColorScheme("light"));
  const lines = useMemo(() => spreadLines(series, theme), [series, theme]);
  const option = useMemo(
    () =>
      curveOption({
        lines,
        theme,
        unit: series.name,
        marks: resumeMarks(run.attempts),
        epochs: epochsBySteps([series]),
      }),
    [lines, theme, series, run.attempts],
  );
  return (
    <div className={styles.curves}>
      <figure className={styles.curve}>
        <Chart option={option} label={curveSummary(series.name, lines, series.name)} />
      </figure>
    </div>
  );
}
