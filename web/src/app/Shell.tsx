// The frame of every page: name, whether it is live, and the page itself.
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { useApi } from "../api/provider";
import { infoQuery } from "../api/queries";
import { useLiveState } from "../live/provider";
import type { LiveState } from "../live/stream";
import styles from "./shell.module.css";

export function Shell() {
  const info = useQuery(infoQuery(useApi()));
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className={styles.header}>
        <div className={styles.bar}>
          <Link to="/" className={styles.brand}>
            <Mark />
            realspike
          </Link>
          <div className={styles.side}>
            {info.data && (
              <span className={styles.version}>
                {info.data.version} · {info.data.mode}
              </span>
            )}
            <LiveDot state={useLiveState()} />
          </div>
        </div>
      </header>
      <main id="main" className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
    </>
  );
}

const LIVE_TEXT: Record<LiveState, string> = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
};

function LiveDot({ state }: { state: LiveState }) {
  return (
    <span className={styles.live} data-state={state} role="status">
      <span className={styles.dot} aria-hidden="true" />
      {LIVE_TEXT[state]}
    </span>
  );
}

function Mark() {
  return (
    <svg className={styles.mark} viewBox="0 0 24 24" fill="none" aria-hidden="true">
      <path
        d="M2 17h4l2-3 2 3 3-13 3 13h2l1.5-2 1 2h1.5"
        stroke="currentColor"
        strokeWidth="2.2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
