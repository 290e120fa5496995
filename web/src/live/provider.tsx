// Keeps the stream open while the page is looked at, and tells whether it is.
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { applyEvents } from "./apply";
import { createRefresher } from "./refresher";
import { type LiveState, openStream } from "./stream";

/** A browser has few connections to one server: a tab that nobody sees gives its own back. */
const HIDDEN_CLOSE_MS = 30_000;

const LiveContext = createContext<LiveState>("connecting");

export function useLiveState(): LiveState {
  return useContext(LiveContext);
}

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");
  const watched = useIsWatched();

  useEffect(() => {
    if (!watched) return;
    const refresher = createRefresher(client);
    const close = openStream({
      url: "/api/v1/events",
      onBatch: (events) => applyEvents(client, events, refresher),
      onState: setState,
      onFresh: () => void client.invalidateQueries(),
    });
    return () => {
      close();
      refresher.stop();
    };
  }, [client, watched]);

  return <LiveContext value={state}>{children}</LiveContext>;
}

function useIsWatched(): boolean {
  const [watched, setWatched] = useState(true);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onChange = () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") setWatched(true);
      else timer = setTimeout(() => setWatched(false), HIDDEN_CLOSE_MS);
    };
    document.addEventListener("visibilitychange", onChange);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onChange);
    };
  }, []);
  return watched;
}
