// One study: how far it is, the comparison, and every run.
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useApi } from "../api/provider";
import { studyQuery } from "../api/queries";
import type { StudyRead } from "../api/types";
import { MISSING, percent } from "../format/numbers";
import runStyles from "../runs/run.module.css";
import { ConfirmButton } from "../ui/ConfirmButton";
import { ErrorState } from "../ui/ErrorState";
import { Facts } from "../ui/Facts";
import { Loading } from "../ui/Loading";
import { StatusBadge } from "../ui/StatusBadge";
import { Age } from "../ui/Time";
import { useTitle } from "../ui/useTitle";
import { ComparisonTable } from "./ComparisonTable";
import { CountsBar } from "./CountsBar";
import { RunGrid } from "./RunGrid";
import { StudyTime } from "./StudyList";
import styles from "./studies.module.css";

export function StudyPage() {
  const { studyId } = useParams({ from: "/studies/$studyId" });
  const query = useQuery(studyQuery(useApi(), studyId));
  useTitle(query.data?.name);
  if (query.data) return <Study study={query.data} />;
  if (query.error) {
    return (
      <ErrorState
        error={query.error}
        what="The study could not be read"
        onRetry={() => void query.refetch()}
      />
    );
  }
  return <Loading lines={8} what="the study" />;
}

function Study({ study }: { study: StudyRead }) {
  const open = study.status === "queued" || study.status === "running" || study.status === "paused";
  return (
    <>
      <nav className={runStyles.crumbs} aria-label="Where this is">
        <Link to="/">Studies and runs</Link>
      </nav>
      <div className={styles.head}>
        <h1>{study.name}</h1>
        <StatusBadge status={study.status} />
        <div className={styles.actions}>
          {open && (
            <ConfirmButton
              action="cancelStudy"
              id={study.id}
              label="Cancel study"
              question="Cancel this study?"
              consequence="Its queued runs leave the queue and its running ones stop at their next optimiser step. Runs that ended stay as they are."
              dangerous
            />
          )}
        </div>
      </div>
      <Facts
        facts={[
          { name: `Runs, ${study.total} in all`, value: <CountsBar study={study} /> },
          { name: "Epochs done", value: percent(study.progress, 0) },
          {
            name: study.finished_at === null ? "Time left" : "Took",
            value: <StudyTime study={study} />,
          },
          { name: "Metric", value: `${study.metric}, ${study.goal}` },
          { name: "Factors", value: study.factors.join(", ") || MISSING },
          { name: "Experiment", value: study.experiment },
          { name: "Submitted", value: <Age at={study.created_at} /> },
          { name: "Id", value: <span className="mono">{study.id}</span> },
        ]}
      />
      <ComparisonTable studyId={study.id} />
      <RunGrid study={study} />
    </>
  );
}
