// Which workers are worth a place on the first page.
import type { WorkerRead } from "../api/types";

const RANK: Record<WorkerRead["status"], number> = {
  quarantined: 0,
  alive: 1,
  draining: 2,
  lost: 3,
  stopped: 4,
};

/** A lost worker is news for so long; afterwards it is history like a stopped one. */
const LOST_NEWS_MS = 60 * 60 * 1000;

/** Workers that work, then those lost lately; those that stopped are history. */
export function shownWorkers(workers: WorkerRead[], now = Date.now()): WorkerRead[] {
  return workers
    .filter(
      ({ status, seen_at }) =>
        status !== "stopped" && (status !== "lost" || now - Date.parse(seen_at) < LOST_NEWS_MS),
    )
    .sort((a, b) => RANK[a.status] - RANK[b.status] || a.host.localeCompare(b.host));
}
