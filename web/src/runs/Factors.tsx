// Factors of a run, name and level.
import type { Factor } from "./factors";
import styles from "./runs.module.css";

export function Factors({ factors }: { factors: Factor[] }) {
  return (
    <span className={styles.factors}>
      {factors.map(({ name, value }) => (
        <span key={name}>
          {name} <b>{value}</b>
        </span>
      ))}
    </span>
  );
}
