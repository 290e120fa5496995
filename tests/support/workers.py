"""Rows of workers, for tests that need somebody to be there."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from server.storage import workers


def register_worker(session: Session, worker_id: str = "w", **changes: Any) -> None:
    """A worker with one slot that has just started."""
    given: dict[str, Any] = {
        "host": "h",
        "pid": 1,
        "device": "cpu",
        "slots": 1,
        "versions": {},
        "datasets": {},
    }
    workers.register(session, worker_id=worker_id, **{**given, **changes})
