// The run's whole specification; its factors stand out.
import { Section } from "../ui/Section";
import { specValue } from "./factors";
import styles from "./run.module.css";

interface SpecProps {
  spec: Record<string, unknown>;
  digest: string;
  factors: readonly string[];
}

export function Spec({ spec, digest, factors }: SpecProps) {
  return (
    <Section
      title="Specification"
      padded
      aside={
        <span className="mono" title={`SHA-256 of the specification: ${digest}`}>
          {digest.slice(0, 12)}
        </span>
      }
    >
      <dl className={styles.spec}>
        {Object.entries(spec).map(([name, value]) => (
          <div key={name} data-factor={factors.includes(name)}>
            <dt>{name}</dt>
            <dd>{specValue(name, value)}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
