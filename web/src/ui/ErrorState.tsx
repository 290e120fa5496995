// What went wrong in the server's own words, and what to do about it.
import { Button } from "@mantine/core";
import { ProblemError, UnreachableError } from "../api/client";
import { CommandLine } from "./CommandLine";
import styles from "./states.module.css";

interface ErrorStateProps {
  error: Error;
  what: string;
  onRetry?: () => void;
}

export function ErrorState({ error, what, onRetry }: ErrorStateProps) {
  return (
    <div className={`${styles.state} ${styles.error}`} role="alert">
      <p className={styles.title}>{what}</p>
      {error instanceof UnreachableError ? (
        <>
          <p className="dim">
            The server does not answer. This page comes back when it does; to start it:
          </p>
          <CommandLine command="realspike up" />
        </>
      ) : (
        <ProblemText error={error} />
      )}
      {onRetry && (
        <Button size="compact-sm" variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** The detail, hint and fields of a problem; whitespace kept, for a detail may point at a column. */
export function ProblemText({ error }: { error: Error }) {
  const problem = error instanceof ProblemError ? error.problem : {};
  return (
    <>
      <p style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{error.message}</p>
      {problem.hint && <p className="dim">{problem.hint}</p>}
      {problem.errors && problem.errors.length > 0 && (
        <ul className={styles.list}>
          {problem.errors.map((one) => (
            <li key={`${one.path} ${one.message}`}>
              <span className="mono">{one.path}</span> {one.message}
              {one.hint && <span className="dim"> ({one.hint})</span>}
            </li>
          ))}
        </ul>
      )}
      {problem.request_id && <p className="dim mono">request {problem.request_id}</p>}
    </>
  );
}
