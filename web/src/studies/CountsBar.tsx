// How many runs of a study stand where: one bar, and the same in words.
import type { RunStatus, StudyRead } from "../api/types";
import styles from "./studies.module.css";

const ORDER: RunStatus[] = ["succeeded", "failed", "cancelled", "running", "paused", "queued"];

export function CountsBar({ study }: { study: StudyRead }) {
  const present = ORDER.map((status) => ({ status, n: study.counts[status] ?? 0 })).filter(
    ({ n }) => n > 0,
  );
  return (
    <div className={styles.progress}>
      <div className={styles.bar} aria-hidden="true">
        {present.map(({ status, n }) => (
          <span key={status} className={styles.part} data-status={status} style={{ flexGrow: n }} />
        ))}
      </div>
      <div className={styles.counts}>
        {present.map(({ status, n }) => (
          <span key={status} className={status === "failed" ? styles.failed : undefined}>
            {n} {status}
          </span>
        ))}
      </div>
    </div>
  );
}
