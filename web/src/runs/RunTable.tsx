// Runs, one row each; on a narrow screen the lesser columns fold into the name's cell.
import { Link } from "@tanstack/react-router";
import type { RunSummary, StudyRead } from "../api/types";
import { fixed, percent } from "../format/numbers";
import { StatusBadge } from "../ui/StatusBadge";
import { Age } from "../ui/Time";
import { EpochBar } from "./EpochBar";
import { Factors } from "./Factors";
import { factorsOf, shortName } from "./factors";
import { accuracyOf, lossOf } from "./figures";
import styles from "./runs.module.css";
import { TimeLeft } from "./TimeLeft";

interface RunTableProps {
  runs: RunSummary[];
  studies: Map<string, StudyRead>;
}

export function RunTable({ runs, studies }: RunTableProps) {
  return (
    <table className={styles.table} aria-label="Runs">
      <thead>
        <tr>
          <th scope="col">
            <span className={styles.wordy}>Status</span>
          </th>
          <th scope="col">Run</th>
          <th scope="col" className={styles.wide}>
            Factors
          </th>
          <th scope="col" className={styles.medium}>
            Epoch
          </th>
          <th scope="col" className={`num ${styles.medium}`}>
            Train loss
          </th>
          <th scope="col" className="num">
            Test acc
          </th>
          <th scope="col" className={`num ${styles.medium}`}>
            Time
          </th>
          <th scope="col" className={`num ${styles.wide}`}>
            Submitted
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.id} run={run} study={studies.get(run.study_id ?? "")} />
        ))}
      </tbody>
    </table>
  );
}

function RunRow({ run, study }: { run: RunSummary; study: StudyRead | undefined }) {
  const factors = factorsOf(run, study);
  return (
    <tr data-run={run.id}>
      <td className={styles.status}>
        <StatusBadge status={run.status} />
      </td>
      <th scope="row" className={styles.name}>
        <Link to="/runs/$runId" params={{ runId: run.id }} aria-label={run.name} title={run.name}>
          {shortName(run.name, factors)}
        </Link>
        {run.status === "failed" && run.reason && <div className={styles.reason}>{run.reason}</div>}
        <div className={styles.narrow}>
          <Factors factors={factors} />
          <span className={styles.pair}>
            <EpochBar run={run} />
            <TimeLeft run={run} />
          </span>
        </div>
      </th>
      <td className={styles.wide}>
        <Factors factors={factors} />
      </td>
      <td className={styles.medium}>
        <EpochBar run={run} />
      </td>
      <td className={`num ${styles.medium}`}>{fixed(lossOf(run))}</td>
      <td className="num">{percent(accuracyOf(run))}</td>
      <td className={`num ${styles.medium}`}>
        <TimeLeft run={run} />
      </td>
      <td className={`num dim ${styles.wide}`}>
        <Age at={run.created_at} />
      </td>
    </tr>
  );
}
