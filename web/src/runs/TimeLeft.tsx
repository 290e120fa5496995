// How long a run still takes (an estimate), or took (a measurement).
import type { RunSummary } from "../api/types";
import { MISSING } from "../format/numbers";
import { duration } from "../format/time";
import { Estimate } from "../ui/Estimate";
import { Elapsed } from "../ui/Time";
import { shareDone } from "./figures";

export function TimeLeft({ run }: { run: RunSummary }) {
  if (run.status === "running") {
    const eta = run.progress?.eta_seconds;
    if (shareDone(run) === 1) {
      return (
        <span className="dim" title="Trained; the fold is made, proved and exported">
          finishing…
        </span>
      );
    }
    if (eta === null || eta === undefined) return <span className="dim">{MISSING}</span>;
    return <Estimate of="time left, from the epochs so far">{duration(eta)} left</Estimate>;
  }
  if (run.started_at !== null && run.finished_at !== null) {
    return <Elapsed start={run.started_at} end={run.finished_at} />;
  }
  return <span className="dim">{MISSING}</span>;
}
