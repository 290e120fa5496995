// A status as a word with a shape: colour alone never tells it.
import type { ReactNode } from "react";
import type { RunStatus } from "../api/types";
import styles from "./status.module.css";

/** Words that other nouns use for their states, drawn like the run status they resemble. */
const LIKE: Record<string, RunStatus> = {
  alive: "succeeded",
  draining: "paused",
  stopped: "cancelled",
  lost: "failed",
  quarantined: "failed",
  finished: "succeeded",
  drained: "paused",
  exact: "succeeded",
  bounded: "paused",
};

export function StatusBadge({ status, label }: { status: string; label?: string }) {
  const tone = LIKE[status] ?? status;
  return (
    <span className={styles.badge} data-status={tone}>
      <StatusIcon tone={tone} />
      <span>{label ?? status}</span>
    </span>
  );
}

function StatusIcon({ tone }: { tone: string }) {
  return (
    <svg
      className={styles.icon}
      viewBox="0 0 12 12"
      fill="none"
      stroke="currentColor"
      aria-hidden="true"
    >
      {SHAPES[tone] ?? SHAPES.queued}
    </svg>
  );
}

const SHAPES: Record<string, ReactNode> = {
  queued: <circle cx="6" cy="6" r="4" strokeWidth="1.6" strokeDasharray="2 2.2" />,
  running: <path d="M3.5 2.2 9.5 6 3.5 9.8Z" fill="currentColor" strokeLinejoin="round" />,
  paused: <path d="M4 2.5v7M8 2.5v7" strokeWidth="2" strokeLinecap="round" />,
  succeeded: (
    <path
      d="m2.5 6.5 2.5 2.5 4.5-6"
      strokeWidth="1.9"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  ),
  failed: <path d="m3 3 6 6m0-6-6 6" strokeWidth="1.9" strokeLinecap="round" />,
  cancelled: <path d="M2.5 6h7" strokeWidth="1.9" strokeLinecap="round" />,
};
