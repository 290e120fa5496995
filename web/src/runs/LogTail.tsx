// The newest lines of the run's log, following its end unless a person scrolled away from it.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useApi } from "../api/provider";
import { logQuery } from "../api/queries";
import { instant } from "../format/time";
import { EmptyState } from "../ui/EmptyState";
import { ErrorState } from "../ui/ErrorState";
import { Loading } from "../ui/Loading";
import { Section } from "../ui/Section";
import styles from "./run.module.css";

const NEAR_END_PX = 24;

export function LogTail({ runId }: { runId: string }) {
  const query = useQuery(logQuery(useApi(), runId));
  const lines = query.data?.items ?? [];
  const box = useRef<HTMLElement>(null);
  const follow = useRef(true);

  // biome-ignore lint/correctness/useExhaustiveDependencies: scroll when the last line changes
  useEffect(() => {
    if (box.current && follow.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.at(-1)?.id]);

  return (
    <Section title="Log" aside={lines.length > 0 && `newest ${lines.length} lines`}>
      {query.isPending && <Loading lines={4} what="log" />}
      {query.error && !query.data && (
        <ErrorState
          error={query.error}
          what="The log could not be read"
          onRetry={() => void query.refetch()}
        />
      )}
      {query.data && lines.length === 0 && (
        <EmptyState title="No lines yet">The run writes one line an epoch, and its end.</EmptyState>
      )}
      {lines.length > 0 && (
        <section
          ref={box}
          className={styles.log}
          aria-label="Log lines"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by key
          tabIndex={0}
          onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
            follow.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
          }}
        >
          <ol>
            {lines.map((line) => (
              <li key={line.id} title={`attempt ${line.attempt}, ${instant(line.recorded_at)}`}>
                {line.text}
              </li>
            ))}
          </ol>
        </section>
      )}
    </Section>
  );
}
