// Ages and durations that go on counting.
import { age, duration, elapsed, instant, until } from "../format/time";
import { useNow } from "./useNow";

export function Age({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={instant(at)}>
      {age(at, now)}
    </time>
  );
}

export function Until({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={instant(at)}>
      {until(at, now)}
    </time>
  );
}

/** Time from start to end, or to now while there is no end. */
export function Elapsed({ start, end }: { start: string; end: string | null }) {
  const now = useNow();
  return <span title={`since ${instant(start)}`}>{duration(elapsed(start, end, now))}</span>;
}
