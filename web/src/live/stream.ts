// One EventSource for the whole page: batches what comes, and comes back by itself.
import { EVENT_KINDS, type LiveEvent, parseEvent } from "./events";

export type LiveState = "connecting" | "live" | "reconnecting";

/** The part of EventSource that is used, so that a test can bring its own. */
export interface Source {
  readonly readyState: number;
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  addEventListener(kind: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface StreamOptions {
  url: string;
  /** Events of the last moment, in order; never empty. */
  onBatch: (events: LiveEvent[]) => void;
  onState: (state: LiveState) => void;
  /** The stream began without a past: what was fetched before now may be older than it. */
  onFresh: () => void;
  connect?: (url: string) => Source;
  flushMs?: number;
  retryMs?: number;
}

const CLOSED = 2;
const LONGEST_RETRY_MS = 15_000;

/** Starts listening; the returned function stops. */
export function openStream({
  url,
  onBatch,
  onState,
  onFresh,
  connect = (address) => new EventSource(address),
  flushMs = 150,
  retryMs = 1_000,
}: StreamOptions): () => void {
  let source: Source | null = null;
  let lastId = 0;
  let waiting: LiveEvent[] = [];
  let flushTimer: ReturnType<typeof setTimeout> | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  function flush() {
    flushTimer = undefined;
    const events = waiting;
    waiting = [];
    onBatch(events);
  }

  function hear(message: MessageEvent<string>) {
    const event = parseEvent(message.data);
    if (event === null) return;
    lastId = event.id;
    waiting.push(event);
    flushTimer ??= setTimeout(flush, flushMs);
  }

  function open() {
    const fresh = lastId === 0;
    const current = connect(fresh ? url : `${url}?last_event_id=${lastId}`);
    source = current;
    let opened = false;
    current.onopen = () => {
      failures = 0;
      onState("live");
      if (fresh && !opened) onFresh();
      opened = true;
    };
    current.onerror = () => {
      onState("reconnecting");
      // The browser comes back by itself from a cut line, but gives up on an HTTP error.
      if (current.readyState !== CLOSED) return;
      current.close();
      retryTimer = setTimeout(open, Math.min(retryMs * 2 ** failures, LONGEST_RETRY_MS));
      failures += 1;
    };
    for (const kind of EVENT_KINDS) current.addEventListener(kind, hear);
  }

  onState("connecting");
  open();
  return () => {
    clearTimeout(flushTimer);
    clearTimeout(retryTimer);
    source?.close();
  };
}
