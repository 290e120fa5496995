// One run: where it stands, its curves, what it is, how it went, what came of it.
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useApi } from "../api/provider";
import { runQuery, studyQuery } from "../api/queries";
import { isTerminal, type RunRead } from "../api/types";
import { CertificateSection } from "../certificate/CertificateSection";
import { count, fixed, MISSING, percent } from "../format/numbers";
import { ConfirmButton } from "../ui/ConfirmButton";
import { ErrorState } from "../ui/ErrorState";
import { type Fact, Facts } from "../ui/Facts";
import { Loading } from "../ui/Loading";
import { StatusBadge } from "../ui/StatusBadge";
import { Age, Until } from "../ui/Time";
import { useTitle } from "../ui/useTitle";
import { Attempts } from "./Attempts";
import { Curves } from "./Curves";
import { Distributions } from "./Distributions";
import { Downloads } from "./Downloads";
import { EpochBar } from "./EpochBar";
import { Factors } from "./Factors";
import { factorsOf } from "./factors";
import { accuracyOf, lossOf } from "./figures";
import { LogTail } from "./LogTail";
import styles from "./run.module.css";
import { Spec } from "./Spec";
import { TimeLeft } from "./TimeLeft";

export function RunPage() {
  const { runId } = useParams({ from: "/runs/$runId" });
  const query = useQuery(runQuery(useApi(), runId));
  useTitle(query.data?.name);
  if (query.data) return <Run run={query.data} />;
  if (query.error) {
    return (
      <ErrorState
        error={query.error}
        what="The run could not be read"
        onRetry={() => void query.refetch()}
      />
    );
  }
  return <Loading lines={8} what="the run" />;
}

function Run({ run }: { run: RunRead }) {
  const failed = run.status === "failed";
  const study = useQuery({
    ...studyQuery(useApi(), run.study_id ?? ""),
    enabled: run.study_id !== null,
  });
  return (
    <>
      <nav className={styles.crumbs} aria-label="Where this is">
        <Link to="/">Studies and runs</Link>
        {run.study_id !== null && (
          <>
            {" / "}
            <Link to="/studies/$studyId" params={{ studyId: run.study_id }}>
              {study.data?.name ?? "study"}
            </Link>
          </>
        )}
      </nav>
      <div className={styles.head}>
        <h1>{run.name}</h1>
        <StatusBadge
          status={run.status}
          {...(run.cancel_requested && run.status === "running" && { label: "cancelling" })}
        />
        <div className={styles.actions}>
          <RunActions run={run} />
        </div>
      </div>
      <Facts facts={factsOf(run)} />
      <div className={styles.progress}>
        <Factors factors={factorsOf(run, study.data)} />
      </div>
      {failed && <Failure run={run} />}
      {failed && <LogTail runId={run.id} />}
      <Curves run={run} />
      <Distributions run={run} />
      {run.model_id !== null && <CertificateSection modelId={run.model_id} />}
      <div className={styles.columns}>
        <Downloads runId={run.id} />
        <Attempts attempts={run.attempts} />
      </div>
      {!failed && <LogTail runId={run.id} />}
      <Spec
        spec={run.spec}
        digest={run.spec_digest}
        factors={[...(study.data?.factors ?? []), "seed"]}
      />
    </>
  );
}

function factsOf(run: RunRead): Fact[] {
  return [
    { name: "Epoch", value: <EpochBar run={run} /> },
    { name: "Test accuracy", value: percent(accuracyOf(run)) },
    { name: "Train loss", value: fixed(lossOf(run)) },
    { name: "Firing rate", value: percent(run.summary.firing_rate) },
    {
      name: run.status === "running" ? "Time left" : "Took",
      value: <TimeLeft run={run} />,
    },
    ...(run.queue_position === null
      ? []
      : [{ name: "Place in the queue", value: count(run.queue_position) }]),
    ...(run.not_before === null
      ? []
      : [{ name: "Next attempt", value: <Until at={run.not_before} /> }]),
    { name: "Experiment", value: run.experiment },
    { name: "Tags", value: run.tags.join(", ") || MISSING },
    { name: "Submitted", value: <Age at={run.created_at} /> },
    { name: "Id", value: <span className="mono">{run.id}</span> },
  ];
}

function RunActions({ run }: { run: RunRead }) {
  if (run.source === "worker" && (run.status === "failed" || run.status === "cancelled")) {
    return (
      <ConfirmButton
        action="retryRun"
        id={run.id}
        label="Retry run"
        question="Retry this run?"
        consequence="It goes back to the queue and continues from its newest checkpoint, or from the start if there is none."
      />
    );
  }
  if (isTerminal(run.status) || run.cancel_requested) return null;
  return (
    <ConfirmButton
      action="cancelRun"
      id={run.id}
      label="Cancel run"
      question="Cancel this run?"
      consequence={
        run.source === "script"
          ? "It has ended then; its script is told, and what it measured is kept."
          : run.status === "running"
            ? "It stops at its next optimiser step. What it measured so far is kept, and it can be retried."
            : "It leaves the queue. It can be retried later."
      }
      dangerous
    />
  );
}

function Failure({ run }: { run: RunRead }) {
  return (
    <section className={styles.failure} aria-label="Why it failed">
      <strong>Failed: {run.reason ?? "no reason recorded"}</strong>
      <p>{run.detail ?? "The end of the log below may tell more."}</p>
    </section>
  );
}
