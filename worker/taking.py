"""Whether this worker takes runs, and what a child does with a message while it takes none."""

from __future__ import annotations

import time

from sqlalchemy.orm import Session

from server.errors import StorageError
from server.storage.database import Database
from server.storage.models import Worker


def takes_runs(session: Session, worker_id: str) -> bool:
    """False for a worker that is about to stop or is quarantined."""
    worker = session.get(Worker, worker_id)
    return worker is None or not (worker.draining or worker.quarantined_at)


def sit_out(database: Database, worker_id: str, *, look: float) -> None:
    """Return when the worker is not quarantined any more, or is to stop.

    All workers share one queue. A child that gave its message back at once would take the next,
    and as the idlest one the most of them; one that keeps it takes no other.
    """
    while _quarantined(database, worker_id):
        time.sleep(look)


def _quarantined(database: Database, worker_id: str) -> bool:
    try:
        with database.read() as session:
            worker = session.get(Worker, worker_id)
            return worker is not None and bool(worker.quarantined_at) and not worker.draining
    except StorageError:
        return True
