// How far a run is: steps as a bar, epochs as numbers.
import type { RunSummary } from "../api/types";
import { MISSING } from "../format/numbers";
import { epochsOf, shareDone } from "./figures";
import styles from "./runs.module.css";

export function EpochBar({ run }: { run: RunSummary }) {
  const { done, all } = epochsOf(run);
  if (all === 0) return <span className="dim">{MISSING}</span>;
  return (
    <span className={styles.epochs}>
      <span className={styles.track} aria-hidden="true">
        <span
          className={styles.fill}
          data-status={run.status}
          style={{ width: `${100 * shareDone(run)}%`, display: "block" }}
        />
      </span>
      <span>
        {done}
        <span className="dim">/{all}</span>
      </span>
    </span>
  );
}
