// Asks again for what an event could not tell in full, at most once in a while for each key.
import type { QueryClient, QueryKey } from "@tanstack/react-query";

export interface Refresher {
  refresh: (key: QueryKey) => void;
  stop: () => void;
}

export function createRefresher(client: QueryClient, everyMs = 1_500): Refresher {
  const pending = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;

  function run() {
    timer = undefined;
    last = Date.now();
    const due = [...pending.values()];
    pending.clear();
    for (const queryKey of due) void client.invalidateQueries({ queryKey });
  }

  return {
    refresh(key) {
      pending.set(JSON.stringify(key), key);
      timer ??= setTimeout(run, Math.max(100, last + everyMs - Date.now()));
    },
    stop() {
      clearTimeout(timer);
      pending.clear();
    },
  };
}
