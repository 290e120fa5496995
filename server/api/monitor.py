"""Figures of the database, looked at no more often than it bears, and never waited for long."""

from __future__ import annotations

import time

from server.errors import StorageError
from server.probes import Probe, answers_soon
from server.storage.database import Database
from server.storage.figures import Figures, snapshot

FRESH_SECONDS = 1.0
"""Scrapers that come within this time share one look at the database."""
PATIENCE_SECONDS = 3.0
"""How long a scrape waits for the database before it says that it is away."""


class Monitor:
    """The newest figures of the database, read when somebody asks and at most once a second."""

    def __init__(self, db: Database, *, lost_after: float) -> None:
        self._db = db
        self._lost_after = lost_after
        self._probe = Probe(self._look)
        self._seen: tuple[float, Figures] | None = None

    async def figures(self) -> Figures | None:
        """Figures of at most a second ago, or None when the database does not answer."""
        seen = self._seen
        if seen is not None and time.monotonic() - seen[0] < FRESH_SECONDS:
            return seen[1]
        answer = (await answers_soon({"figures": self._probe}, PATIENCE_SECONDS))["figures"]
        return None if answer is None else answer.result()

    def _look(self) -> Figures | None:
        try:
            with self._db.read() as session:
                found = snapshot(session, lost_after=self._lost_after)
        except StorageError:
            return None
        self._seen = (time.monotonic(), found)
        return found
