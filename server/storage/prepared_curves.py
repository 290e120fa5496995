"""Prepared curves: a file of the server's own with thinned series of runs that have ended.

It only saves time: it may be deleted whenever one likes, and what it holds is used as long as the
log of events shows that nothing was measured since. The log forgets what is old, so the file notes
up to which event it was read.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from server.storage.curves import Curve

MOST_BYTES = 1 << 30
"""Beyond this the curves that were prepared first are forgotten."""
FORMAT = 1
WAIT_SECONDS = 5.0

_TABLES = f"""
BEGIN;
DROP TABLE IF EXISTS curve;
DROP TABLE IF EXISTS log;
CREATE TABLE curve (
    run_id TEXT, name TEXT, event_id INTEGER, total INTEGER, steps BLOB, points BLOB, epochs BLOB,
    PRIMARY KEY (run_id, name)
);
CREATE TABLE log (event_id INTEGER, event_at TEXT);
PRAGMA user_version = {FORMAT};
COMMIT;
"""

_FORGET_OLDEST = """
DELETE FROM curve WHERE rowid IN (
    SELECT rowid FROM curve ORDER BY rowid LIMIT (SELECT count(*) / 10 + 1 FROM curve)
)
"""

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to which event the log was read, and when that was made."""

    event_id: int
    event_at: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A curve as it was when `event_id` was the newest event."""

    event_id: int
    curve: Curve


class PreparedCurves:
    """The file; where it cannot be used, nothing is prepared and everything still works."""

    def __init__(self, path: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._complained = False

    def find(
        self, run_ids: Collection[str], names: Collection[str]
    ) -> dict[tuple[str, str], Prepared]:
        """What is there of these metrics of these runs, by run and name."""

        def find(file: sqlite3.Connection) -> dict[tuple[str, str], Prepared]:
            rows = file.execute(
                "SELECT run_id, name, event_id, total, steps, points, epochs FROM curve "
                "WHERE run_id IN (SELECT value FROM json_each(?)) "
                "AND name IN (SELECT value FROM json_each(?))",
                (json.dumps(list(run_ids)), json.dumps(list(names))),
            )
            return {
                (run_id, name): Prepared(event_id, _curve(name, total, *arrays))
                for run_id, name, event_id, total, *arrays in rows
            }

        return self._using(find, {})

    def keep(self, run_id: str, curves: Collection[Curve], *, event_id: int) -> None:
        """Put curves of a run that has ended there, as they were when that event was the newest.

        What was read before the log was read on is not kept: it may have changed in between.
        """
        rows = [
            (
                run_id,
                curve.name,
                event_id,
                curve.total,
                curve.steps.tobytes(),
                curve.values.tobytes(),
                curve.epochs.tobytes(),
            )
            for curve in curves
        ]

        def keep(file: sqlite3.Connection) -> None:
            if file.execute("SELECT 1 FROM log WHERE event_id <= ?", (event_id,)).fetchone():
                self._make_room(file)
                file.executemany("INSERT OR REPLACE INTO curve VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

        self._using(keep, None, writes=True)

    def seen(self) -> Seen | None:
        """How far the log was read; None before the first time."""
        row = self._using(lambda file: file.execute("SELECT * FROM log").fetchone(), None)
        return None if row is None else Seen(*row)

    def advance(self, seen: Seen, changed: Mapping[str, int] | None) -> None:
        """Note how far the log was read, and drop what it makes old: runs by their newest event.

        With None, all that is there goes.
        """

        def advance(file: sqlite3.Connection) -> None:
            if changed is None:
                file.execute("DELETE FROM curve")
            else:
                file.executemany(
                    "DELETE FROM curve WHERE run_id = ? AND event_id < ?", list(changed.items())
                )
            file.execute("DELETE FROM log")
            file.execute("INSERT INTO log VALUES (?, ?)", (seen.event_id, seen.event_at))

        self._using(advance, None, writes=True)

    def _make_room(self, file: sqlite3.Connection) -> None:
        pages, free, size = (
            file.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * size > self._most_bytes:
            file.execute(_FORGET_OLDEST)

    def _using(
        self, work: Callable[[sqlite3.Connection], T], otherwise: T, *, writes: bool = False
    ) -> T:
        try:
            with self._opened() as file:
                if not writes:
                    return work(file)
                file.execute("BEGIN IMMEDIATE")
                done = work(file)
                file.execute("COMMIT")
                return done
        except (OSError, sqlite3.OperationalError) as error:
            self._complain(f"cannot be used, so overlays take longer: {error}")
        except sqlite3.DatabaseError as error:
            self._complain(f"were damaged, so they are made anew: {error}")
            for ending in ("", "-wal", "-shm"):
                with contextlib.suppress(OSError):
                    Path(f"{self._path}{ending}").unlink()
        return otherwise

    def _complain(self, what: str) -> None:
        level = logging.DEBUG if self._complained else logging.WARNING
        self._complained = True
        logger.log(level, "the prepared curves in %s %s", self._path, what)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(
            sqlite3.connect(self._path, timeout=WAIT_SECONDS, isolation_level=None)
        ) as file:
            if file.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
                file.execute("PRAGMA journal_mode = WAL")
                file.executescript(_TABLES)
            file.execute("PRAGMA synchronous = NORMAL")
            yield file


def _curve(name: str, total: int, steps: bytes, values: bytes, epochs: bytes) -> Curve:
    return Curve(
        name,
        total,
        np.frombuffer(steps, dtype=np.int64),
        np.frombuffer(values, dtype=np.float64),
        np.frombuffer(epochs, dtype=np.int64),
    )
