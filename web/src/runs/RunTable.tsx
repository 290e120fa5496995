// Runs, one row each; on a narrow screen the lesser columns fold into the name's cell.
import { Link } from "@tanstack/react-router";
import type { RunSummary, StudyRead } from "../api/types";
import { fixed, percent } from "../format/numbers";
import columns from "../ui/columns.module.css";
import { type Column, ListTable } from "../ui/ListTable";
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

const HEADS: Column[] = [
  { title: <span className={styles.wordy}>Status</span> },
  { title: "Run" },
  { title: "Factors", from: "wide" },
  { title: "Epoch", from: "medium" },
  { title: "Train loss", num: true, from: "medium" },
  { title: "Test acc", num: true },
  { title: "Time", num: true, from: "medium" },
  { title: "Submitted", num: true, from: "wide" },
];

export function RunTable({ runs, studies }: RunTableProps) {
  return (
    <ListTable label="Runs" heads={HEADS}>
      {runs.map((run) => (
        <RunRow key={run.id} run={run} study={studies.get(run.study_id ?? "")} />
      ))}
    </ListTable>
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
        <div className={columns.narrow}>
          <Factors factors={factors} />
          <span className={styles.pair}>
            <EpochBar run={run} />
            <TimeLeft run={run} />
          </span>
        </div>
      </th>
      <td className={columns.wide}>
        <Factors factors={factors} />
      </td>
      <td className={columns.medium}>
        <EpochBar run={run} />
      </td>
      <td className={`num ${columns.medium}`}>{fixed(lossOf(run))}</td>
      <td className="num">{percent(accuracyOf(run))}</td>
      <td className={`num ${columns.medium}`}>
        <TimeLeft run={run} />
      </td>
      <td className={`num dim ${columns.wide}`}>
        <Age at={run.created_at} />
      </td>
    </tr>
  );
}
