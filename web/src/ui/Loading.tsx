// Grey lines where an answer will be.
import { Skeleton } from "@mantine/core";
import styles from "./states.module.css";

export function Loading({ lines, what }: { lines: number; what: string }) {
  return (
    <div className={styles.skeleton} role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike and never move
        <Skeleton key={line} height={14} width={`${92 - ((line * 17) % 40)}%`} />
      ))}
    </div>
  );
}
