// Every try at the run, and why each ended.
import type { Attempt } from "../api/types";
import { count, MISSING } from "../format/numbers";
import { EmptyState } from "../ui/EmptyState";
import { ScrollX } from "../ui/ScrollX";
import { Section } from "../ui/Section";
import { StatusBadge } from "../ui/StatusBadge";
import { Age, Elapsed } from "../ui/Time";
import { howItEnded } from "./endings";
import styles from "./run.module.css";

export function Attempts({ attempts }: { attempts: Attempt[] }) {
  return (
    <Section title="Attempts">
      {attempts.length === 0 ? (
        <EmptyState title="Not tried yet">A worker claims it as soon as one is free.</EmptyState>
      ) : (
        <ScrollX label="Attempts">
          <table className={styles.padless}>
            <thead>
              <tr>
                <th scope="col" className="num">
                  No.
                </th>
                <th scope="col">Outcome</th>
                <th scope="col">Worker</th>
                <th scope="col" className="num">
                  From step
                </th>
                <th scope="col" className="num">
                  Took
                </th>
                <th scope="col" className="num">
                  Began
                </th>
              </tr>
            </thead>
            <tbody>
              {attempts.map((attempt) => (
                <tr key={attempt.number}>
                  <th scope="row" className="num">
                    {attempt.number}
                  </th>
                  <td>
                    <Outcome attempt={attempt} />
                    {attempt.exit !== null && <div className="dim">{attempt.exit}</div>}
                    {attempt.refused > 0 && (
                      <div className="dim">late writes refused: {count(attempt.refused)}</div>
                    )}
                  </td>
                  <td title={attempt.worker_id}>
                    {attempt.host} <span className="dim">{attempt.device}</span>
                  </td>
                  <td className="num">
                    {attempt.resumed_step > 0 ? count(attempt.resumed_step) : MISSING}
                  </td>
                  <td className="num">
                    <Elapsed start={attempt.started_at} end={attempt.finished_at} />
                  </td>
                  <td className="num dim">
                    <Age at={attempt.started_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollX>
      )}
    </Section>
  );
}

function Outcome({ attempt }: { attempt: Attempt }) {
  const [outcome, reason] = howItEnded(attempt.outcome, attempt.reason);
  return (
    <>
      <StatusBadge status={attempt.outcome} label={outcome} />
      {reason && <div className="dim">{reason}</div>}
    </>
  );
}
