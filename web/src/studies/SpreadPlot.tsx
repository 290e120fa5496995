// One row's values as dots on the table's shared scale, with mean ± std.
import type { StudyCell } from "../api/types";
import { metric } from "../format/numbers";
import { type Domain, place } from "./plot";
import styles from "./studies.module.css";

export function SpreadPlot({
  cell,
  domain,
  name,
}: {
  cell: StudyCell;
  domain: Domain;
  name: string;
}) {
  const at = (value: number) => `${(100 * place(value, domain)).toFixed(2)}%`;
  const { mean, std } = cell;
  const label = `Values: ${cell.values.map((value) => metric(name, value)).join(", ") || "none"}`;
  return (
    <svg className={styles.plot} role="img" aria-label={label}>
      <title>{label}</title>
      <line x1="0" x2="100%" y1="10" y2="10" stroke="var(--line)" />
      {mean !== null && std !== null && (
        <line
          x1={at(mean - std)}
          x2={at(mean + std)}
          y1="10"
          y2="10"
          stroke="var(--accent)"
          strokeWidth="3"
          strokeOpacity="0.35"
        />
      )}
      {cell.values.map((value, index) => (
        <circle
          // biome-ignore lint/suspicious/noArrayIndexKey: values of one cell may be equal
          key={index}
          cx={at(value)}
          cy="10"
          r="3"
          fill="var(--surface)"
          stroke="var(--accent)"
          strokeWidth="1.5"
        />
      ))}
      {mean !== null && (
        <line x1={at(mean)} x2={at(mean)} y1="3" y2="17" stroke="var(--accent)" strokeWidth="2" />
      )}
    </svg>
  );
}
