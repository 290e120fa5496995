// A titled part of a page on its own surface.
import { type ReactNode, useId } from "react";
import styles from "./section.module.css";

interface SectionProps {
  title: string;
  aside?: ReactNode;
  padded?: boolean;
  children: ReactNode;
}

export function Section({ title, aside, padded = false, children }: SectionProps) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        {aside && <div className={styles.aside}>{aside}</div>}
      </div>
      <div className={padded ? `${styles.panel} ${styles.padded}` : styles.panel}>{children}</div>
    </section>
  );
}
