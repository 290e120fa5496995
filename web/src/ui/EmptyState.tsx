// Nothing here yet, and what to do next.
import type { ReactNode } from "react";
import { CommandLine } from "./CommandLine";
import styles from "./states.module.css";

interface EmptyStateProps {
  title: string;
  children?: ReactNode;
  command?: string;
}

export function EmptyState({ title, children, command }: EmptyStateProps) {
  return (
    <div className={styles.state}>
      <p className={styles.title}>{title}</p>
      {children && <p className="dim">{children}</p>}
      {command && <CommandLine command={command} />}
    </div>
  );
}
