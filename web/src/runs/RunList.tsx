// The live list of runs with its filter.
import { Button } from "@mantine/core";
import { type InfiniteData, useInfiniteQuery } from "@tanstack/react-query";
import { ProblemError } from "../api/client";
import { useApi } from "../api/provider";
import { type RunListFilter, runListQuery } from "../api/queries";
import type { RunPage, RunSummary, StudyRead } from "../api/types";
import { count } from "../format/numbers";
import { EmptyState } from "../ui/EmptyState";
import { ErrorState } from "../ui/ErrorState";
import { Loading } from "../ui/Loading";
import { Section } from "../ui/Section";
import { runningFirst } from "./order";
import { RunFilter } from "./RunFilter";
import { RunTable } from "./RunTable";
import styles from "./runs.module.css";

interface RunListProps extends RunListFilter {
  studies: Map<string, StudyRead>;
  onFilter: (next: RunListFilter) => void;
}

export function RunList({ status, filter, studies, onFilter }: RunListProps) {
  const api = useApi();
  const query = useInfiniteQuery(runListQuery(api, { status, filter }));
  const filtered = status.length > 0 || filter !== "";
  const running = useInfiniteQuery({ ...runListQuery(api, RUNNING), enabled: !filtered });
  const runs = runningFirst(itemsOf(query.data), filtered ? [] : itemsOf(running.data));
  const total = query.data?.pages[0]?.total;
  const refusedFilter = filter !== "" && query.error instanceof ProblemError ? query.error : null;

  return (
    <Section
      title="Runs"
      aside={total !== undefined && <RunCount total={total} filtered={filtered} />}
    >
      <RunFilter status={status} filter={filter} error={refusedFilter} onChange={onFilter} />
      {query.isPending && <Loading lines={6} what="runs" />}
      {query.error && !refusedFilter && (
        <ErrorState
          error={query.error}
          what="The runs could not be read"
          onRetry={() => void query.refetch()}
        />
      )}
      {refusedFilter && (
        <EmptyState title="Nothing is listed while the filter does not parse">
          Correct it and press Enter, or clear it.
        </EmptyState>
      )}
      {query.data && runs.length === 0 && !query.error && <NoRuns filtered={filtered} />}
      {runs.length > 0 && <RunTable runs={runs} studies={studies} />}
      {query.hasNextPage && (
        <div className={styles.more}>
          <Button
            size="compact-sm"
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show older runs
          </Button>{" "}
          <span className="dim">
            {count(runs.length)} of {count(total)} shown
          </span>
        </div>
      )}
    </Section>
  );
}

const RUNNING: RunListFilter = { status: ["running"], filter: "" };

function itemsOf(data: InfiniteData<RunPage> | undefined): RunSummary[] {
  return data?.pages.flatMap((page) => page.items) ?? [];
}

function RunCount({ total, filtered }: { total: number; filtered: boolean }) {
  return (
    <>
      {count(total)} {total === 1 ? "run" : "runs"}
      {filtered && " match"}
    </>
  );
}

function NoRuns({ filtered }: { filtered: boolean }) {
  if (filtered) return <EmptyState title="No run matches">Widen the filter above.</EmptyState>;
  return (
    <EmptyState
      title="No runs yet"
      command="realspike study submit presets/digits-ablation.yaml --watch"
    >
      Submit the ablation that comes with realspike: twelve small trainings on handwritten digits, a
      minute or two on a laptop.
    </EmptyState>
  );
}
