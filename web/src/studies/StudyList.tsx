// The newest studies and how far each is.
import { Button } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { StudyPage, StudyRead } from "../api/types";
import { count, MISSING } from "../format/numbers";
import { duration } from "../format/time";
import columns from "../ui/columns.module.css";
import { EmptyState } from "../ui/EmptyState";
import { ErrorState } from "../ui/ErrorState";
import { Estimate } from "../ui/Estimate";
import { type Column, ListTable } from "../ui/ListTable";
import { Loading } from "../ui/Loading";
import { Section } from "../ui/Section";
import { StatusBadge } from "../ui/StatusBadge";
import { Age, Elapsed } from "../ui/Time";
import { CountsBar } from "./CountsBar";
import styles from "./studies.module.css";

/** Studies shown before a person asks for more: runs should stay in sight. */
const SHOWN_FIRST = 4;

export function StudyList({ query }: { query: UseQueryResult<StudyPage> }) {
  const [all, setAll] = useState(false);
  const studies = query.data?.items ?? [];
  const shown = all ? studies : studies.slice(0, SHOWN_FIRST);
  return (
    <Section title="Studies" aside={query.data && query.data.total > 0 && count(query.data.total)}>
      {query.isPending && <Loading lines={2} what="studies" />}
      {query.error && !query.data && (
        <ErrorState
          error={query.error}
          what="The studies could not be read"
          onRetry={() => void query.refetch()}
        />
      )}
      {query.data && studies.length === 0 && (
        <EmptyState title="No studies yet">
          A study is a sweep or an ablation: many runs from one file, compared over the same seeds.
        </EmptyState>
      )}
      {shown.length > 0 && <StudyRows studies={shown} />}
      {studies.length > SHOWN_FIRST && (
        <div className={styles.more}>
          <Button size="compact-sm" variant="default" onClick={() => setAll(!all)}>
            {all ? "Show fewer" : `Show ${studies.length - SHOWN_FIRST} older`}
          </Button>
        </div>
      )}
    </Section>
  );
}

const HEADS: Column[] = [
  { title: "Status", from: "medium" },
  { title: "Study" },
  { title: "Factors", from: "wide" },
  { title: "Runs", from: "medium" },
  { title: "Time", num: true, from: "medium" },
  { title: "Submitted", num: true, from: "wide" },
];

function StudyRows({ studies }: { studies: StudyRead[] }) {
  return (
    <ListTable label="Studies" heads={HEADS}>
      {studies.map((study) => (
        <tr key={study.id} data-study={study.id}>
          <td className={columns.medium}>
            <StatusBadge status={study.status} />
          </td>
          <th scope="row" className={styles.name}>
            <Link to="/studies/$studyId" params={{ studyId: study.id }}>
              {study.name}
            </Link>
            <div className={columns.narrow}>
              <CountsBar study={study} />
              <StudyTime study={study} />
            </div>
          </th>
          <td className={`dim ${columns.wide}`}>{study.factors.join(", ") || MISSING}</td>
          <td className={columns.medium}>
            <CountsBar study={study} />
          </td>
          <td className={`num ${columns.medium}`}>
            <StudyTime study={study} />
          </td>
          <td className={`num dim ${columns.wide}`}>
            <Age at={study.created_at} />
          </td>
        </tr>
      ))}
    </ListTable>
  );
}

/** What is left (an estimate) or what it took. */
export function StudyTime({ study }: { study: StudyRead }) {
  if (study.finished_at !== null)
    return <Elapsed start={study.created_at} end={study.finished_at} />;
  if (study.eta_seconds === null) return <span className="dim">{MISSING}</span>;
  return (
    <Estimate of="time left, from the runs so far">{duration(study.eta_seconds)} left</Estimate>
  );
}
