// The state of the home page's list, kept in its address.
import { RUN_STATUSES, type RunStatus } from "../api/types";

/** `?status=running,failed&filter=…` */
export interface HomeSearch {
  status?: string | undefined;
  filter?: string | undefined;
}

/** Whatever an address says, as far as it makes sense. */
export function readHomeSearch(search: Record<string, unknown>): HomeSearch {
  return {
    status: typeof search.status === "string" ? search.status : undefined,
    filter: typeof search.filter === "string" ? search.filter : undefined,
  };
}

/** The statuses that an address asks for; unknown words are left out. */
export function statusesOf(search: HomeSearch): RunStatus[] {
  const words = (search.status ?? "").split(",");
  return RUN_STATUSES.filter((status) => words.includes(status));
}
