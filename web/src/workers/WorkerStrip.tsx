// Who can train, on which device, and how much of it is taken.
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/provider";
import { workersQuery } from "../api/queries";
import type { WorkerRead } from "../api/types";
import { StatusBadge } from "../ui/StatusBadge";
import { Age } from "../ui/Time";
import { shownWorkers } from "./shown";
import styles from "./workers.module.css";

/** Above this many slots numbers say it better than bars. */
const MOST_BARS = 8;

export function WorkerStrip() {
  const query = useQuery(workersQuery(useApi()));
  const workers = shownWorkers(query.data?.items ?? []);
  return (
    <section className={styles.strip} aria-labelledby="workers">
      <h2 id="workers" className={styles.title}>
        Workers
      </h2>
      {query.isPending && <span className="dim">…</span>}
      {query.isError && !query.data && <span className="dim">not known now</span>}
      {query.data && workers.length === 0 && (
        <span className={styles.none}>
          none: queued runs wait until one starts (<code>python -m worker</code>)
        </span>
      )}
      <ul className={styles.list}>
        {workers.map((worker) => (
          <Worker key={worker.id} worker={worker} />
        ))}
      </ul>
    </section>
  );
}

function Worker({ worker }: { worker: WorkerRead }) {
  const busy = worker.run_ids.length;
  return (
    <li
      className={styles.worker}
      title={worker.quarantine_reason ?? `${worker.id} · process ${worker.pid}`}
    >
      <StatusBadge status={worker.status} />
      <span>
        {worker.host} <span className="dim">{worker.device}</span>
      </span>
      {worker.status === "lost" ? (
        <span className="dim">
          seen <Age at={worker.seen_at} />
        </span>
      ) : (
        <Load busy={busy} slots={worker.slots} />
      )}
    </li>
  );
}

function Load({ busy, slots }: { busy: number; slots: number }) {
  return (
    <>
      {slots <= MOST_BARS && (
        <span className={styles.slots} aria-hidden="true">
          {Array.from({ length: slots }, (_, slot) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: slots are a row of places, not things
            <span key={slot} className={styles.slot} data-busy={slot < busy} />
          ))}
        </span>
      )}
      <span className="num">
        {busy}/{slots} busy
      </span>
    </>
  );
}
