// Which runs to list: statuses by button, everything else by the filter grammar.
import { Button, TextInput } from "@mantine/core";
import { type FormEvent, type RefObject, useEffect, useRef, useState } from "react";
import { ProblemError } from "../api/client";
import { RUN_STATUSES, type RunStatus } from "../api/types";
import styles from "./runs.module.css";

interface RunFilterProps {
  status: RunStatus[];
  filter: string;
  error: Error | null;
  onChange: (next: { status: RunStatus[]; filter: string }) => void;
}

const EXAMPLE = 'metrics.test_acc > 0.9 and spec.granularity in ("channel", "element")';

export function RunFilter({ status, filter, error, onChange }: RunFilterProps) {
  const [text, setText] = useState(filter);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setText(filter), [filter]);
  useSlashFocus(field);

  function apply(event: FormEvent) {
    event.preventDefault();
    onChange({ status, filter: text.trim() });
  }

  function toggle(one: RunStatus) {
    const next = status.includes(one) ? status.filter((other) => other !== one) : [...status, one];
    onChange({ status: next, filter });
  }

  return (
    <form className={styles.filter} onSubmit={apply} aria-label="Filter runs">
      <div className={styles.field}>
        <TextInput
          ref={field}
          size="xs"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onBlur={() => text.trim() !== filter && onChange({ status, filter: text.trim() })}
          placeholder={EXAMPLE}
          aria-label="Filter"
          aria-invalid={error !== null}
          aria-describedby="filter-help"
          spellCheck={false}
          autoComplete="off"
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          rightSectionWidth={filter === "" ? undefined : 52}
          rightSection={
            filter !== "" && (
              <Button
                size="compact-xs"
                variant="subtle"
                onClick={() => onChange({ status, filter: "" })}
              >
                Clear
              </Button>
            )
          }
        />
        <div id="filter-help">{error && <FilterProblem error={error} />}</div>
      </div>
      <fieldset className={styles.statuses}>
        <legend className="visually-hidden">Status</legend>
        {RUN_STATUSES.map((one) => (
          <button
            key={one}
            type="button"
            className={styles.toggle}
            aria-pressed={status.includes(one)}
            onClick={() => toggle(one)}
          >
            {one}
          </button>
        ))}
      </fieldset>
    </form>
  );
}

function FilterProblem({ error }: { error: Error }) {
  const hint = error instanceof ProblemError ? error.problem.hint : null;
  return (
    <div role="alert">
      <pre>{error.message}</pre>
      {hint && <p className={styles.hint}>{hint}</p>}
    </div>
  );
}

/** "/" puts the cursor into the filter, as people know it from elsewhere. */
function useSlashFocus(field: RefObject<HTMLInputElement | null>) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const typing = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [field]);
}
