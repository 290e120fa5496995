"""Writing metrics and searching runs, beside MLflow on the same Postgres in the same run."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator

import psycopg
from sqlalchemy import URL

from benchmarks import direct_writes, followers, searches, seeds, writes
from benchmarks.report import Report
from benchmarks.trackers import Mlflow, Realspike, Tracker, mlflow, new_database, realspike
from tests.support.services import postgres_server

SETTLE_SECONDS = 25
"""MLflow's workers import for so long after the server's first answer."""

COLUMNS = [
    "what",
    "case",
    "implementation",
    "points/s",
    "median ms",
    "p95 ms",
    "times MLflow",
    "refused",
    "lost",
]

Row = list[str | float | None]


def report() -> Report:
    """The ingest table."""
    load = os.getloadavg()[0]
    rows: list[Row] = []
    with postgres_server() as server:
        notes = _notes(load, server)
        rows += _beside_mlflow(server, notes)
        with new_database(server) as url:
            rows += _direct(url, "Postgres")
    rows += _on_sqlite()
    return Report("ingest", "Writing metrics and searching runs", COLUMNS, rows, notes)


def _beside_mlflow(server: URL, notes: list[str]) -> Iterator[Row]:
    with (
        new_database(server) as our_url,
        new_database(server) as peer_url,
        realspike(our_url) as ours,
        mlflow(peer_url) as peer,
    ):
        if peer is None:
            notes.append("MLflow could not be installed: its rows are missing.")
        else:
            time.sleep(SETTLE_SECONDS)
        yield from _writes(ours, peer)
        yield from _following(ours, "Postgres")
        seeds.seed_realspike(our_url)
        if peer is not None:
            seeds.seed_mlflow(peer_url)
        yield from _searches(ours, peer, "Postgres")


def _on_sqlite() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ours.db"
        with realspike(url) as ours:
            yield from _following(ours, "SQLite")
            seeds.seed_realspike(url)
            yield from _searches(ours, None, "SQLite")
        yield from _direct(f"sqlite:///{folder}/direct.db", "SQLite")


def _writes(ours: Realspike, peer: Mlflow | None) -> Iterator[Row]:
    trackers: list[Tracker] = [ours] if peer is None else [ours, peer]
    for writers in writes.WRITERS:
        for batch in writes.BATCHES:
            found = writes.measure(trackers, batch, writers)
            case = f"batches of {batch}, {writers} writer{'s' if writers > 1 else ''}"
            for tracker, written in zip(trackers, found, strict=True):
                times = written.rate / found[1].rate if tracker is ours and peer else None
                lost = written.points - tracker.stored(written.run_id)
                spread = writes.spread(written.latencies)
                what = "write over HTTP, Postgres"
                yield [
                    what,
                    case,
                    tracker.name,
                    written.rate,
                    *spread,
                    times,
                    written.refused,
                    lost,
                ]


def _searches(ours: Realspike, peer: Mlflow | None, backend: str) -> Iterator[Row]:
    for search in searches.SEARCHES:
        spreads = [writes.spread(each) for each in searches.measure(search, ours, peer)]
        times = spreads[1][1] / spreads[0][1] if peer else None
        what = f"search of {seeds.RUNS:,} runs, {backend}"
        yield [what, search.name, ours.name, None, *spreads[0], times, None, None]
        if peer is not None:
            yield [what, search.name, peer.name, None, *spreads[1], None, None, None]


def _following(ours: Realspike, backend: str) -> Iterator[Row]:
    reading, told = f"{followers.LONG:,} points as {followers.SHOWN:,}", "POST to its event"
    for what, seconds in ((reading, followers.thinned(ours)), (told, followers.lags(ours))):
        spread = writes.spread(seconds)
        yield [f"follow, {backend}", what, ours.name, None, *spread, None, None, None]


def _direct(url: str, backend: str) -> Iterator[Row]:
    for batch in writes.BATCHES:
        rate, seconds = direct_writes.measure(url, batch)
        spread = writes.spread(seconds)
        what, case = f"write_metrics, {backend}", f"batches of {batch}, 1 writer"
        yield [what, case, "realspike", rate, *spread, None, None, None]


def _notes(load: float, server: URL) -> list[str]:
    with psycopg.connect(server.render_as_string(hide_password=False)) as connection:
        version, fsync, commit = (
            str((connection.execute(f"SHOW {name}").fetchone() or ("?",))[0])
            for name in ("server_version", "fsync", "synchronous_commit")
        )
    return [
        f"load of the machine before: {load:.1f} on {os.cpu_count()} cores, which the servers, "
        "Postgres and the writers share.",
        f"Postgres {version}, fsync {fsync}, synchronous_commit {commit}; each tracker has a "
        "database of its own and they take turns.",
        f"write: bodies are JSON, all writers write to one run, {writes.TURNS} turns of "
        f"{writes.TURN_SECONDS} s each, bodies encoded before; points count when acknowledged. "
        "Refused: answers other than 200. Lost: acknowledged points that "
        "the database does not have. Target: 5 times MLflow.",
        f"search: pages of {searches.LIMIT} newest first, {searches.TURNS} turns. The rows are "
        "put straight into both databases. Ours says the total too. MLflow has no `in` for "
        "parameters and is asked for one of the two; its times are by p95. Target: p95 150 ms.",
        "MLflow runs its usual four workers, with job execution off; ours is one process.",
        "write_metrics: what a worker calls, one transaction a batch. Event: while one writer "
        f"sends batches of {followers.FOLLOWED_BATCH} as fast as it can.",
    ]
