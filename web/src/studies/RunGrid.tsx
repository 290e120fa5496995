// Every run of a study as a square: its state, and its value of the study's metric.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "../api/provider";
import { studyRunsQuery } from "../api/queries";
import type { RunSummary, StudyRead } from "../api/types";
import { count, MISSING, metric } from "../format/numbers";
import { inWords } from "../runs/endings";
import { EmptyState } from "../ui/EmptyState";
import { ErrorState } from "../ui/ErrorState";
import { Loading } from "../ui/Loading";
import { ScrollX } from "../ui/ScrollX";
import { Section } from "../ui/Section";
import { studyGrid } from "./grid";
import styles from "./studies.module.css";

export function RunGrid({ study }: { study: StudyRead }) {
  const query = useQuery(studyRunsQuery(useApi(), study.id));
  const page = query.data;
  const clipped = page !== undefined && page.items.length < page.total;
  return (
    <Section
      title="Runs"
      aside={clipped && `newest ${count(page.items.length)} of ${count(page.total)}`}
    >
      {query.isPending && <Loading lines={4} what="runs" />}
      {query.error && !page && (
        <ErrorState
          error={query.error}
          what="The runs could not be read"
          onRetry={() => void query.refetch()}
        />
      )}
      {page && page.items.length === 0 && <EmptyState title="This study has no runs left" />}
      {page && page.items.length > 0 && <GridTable study={study} runs={page.items} />}
    </Section>
  );
}

function GridTable({ study, runs }: { study: StudyRead; runs: RunSummary[] }) {
  const { seeds, rows } = studyGrid(runs, study.factors);
  return (
    <ScrollX label="Runs by factors and seed">
      <table className={`${styles.table} ${styles.grid}`} aria-label="Runs by factors and seed">
        <thead>
          <tr>
            <th scope="col">{study.factors.join(" · ") || "runs"}</th>
            {seeds.map((seed) => (
              <th key={seed} scope="col">
                seed {seed}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">{row.key || "all"}</th>
              {row.runs.map((run, index) => (
                <td key={seeds[index]}>{run && <Square run={run} metricName={study.metric} />}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}

function Square({ run, metricName }: { run: RunSummary; metricName: string }) {
  const words =
    run.status === "running" && run.progress
      ? `epoch ${run.progress.epoch}/${run.progress.epochs}`
      : run.status;
  return (
    <Link
      className={styles.square}
      data-status={run.status}
      to="/runs/$runId"
      params={{ runId: run.id }}
      title={run.reason ? `${run.name}: ${inWords(run.reason)}` : run.name}
    >
      <span>{words}</span>
      <span>{squareValue(run, metricName)}</span>
    </Link>
  );
}

/** The metric's value; a failed run's does not count, so its reason stands there. */
function squareValue(run: RunSummary, metricName: string): string {
  if (run.status === "failed") return run.reason ?? MISSING;
  return metric(metricName, run.summary[metricName]);
}
