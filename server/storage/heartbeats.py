"""Heartbeats of processes that have no row of their own: the scheduler's."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from importlib.metadata import version

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from server.storage.clock import now
from server.storage.models import Heartbeat

SCHEDULER = "scheduler"
LOST_SECONDS = 30.0
"""A scheduler that was silent so long is not there: its longest pause in an outage is 15 s."""


def beat(session: Session, name: str) -> None:
    """Note that this process is at work under a name, as the last one of its kind."""
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    row = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "version": version("realspike"),
        "seen_at": now(session),
    }
    new = insert(Heartbeat).values(name=name, **row)
    session.execute(new.on_conflict_do_update(index_elements=["name"], set_=row))


def last_beat(session: Session, name: str) -> Heartbeat | None:
    """The newest heartbeat under a name, or None before the first."""
    return session.get(Heartbeat, name)


def silence(beat: Heartbeat | None, moment: datetime) -> float:
    """Seconds since a heartbeat; infinite where there never was one."""
    if beat is None:
        return float("inf")
    return max(0.0, (moment - beat.seen_at).total_seconds())


def lost_after(pause: float) -> float:
    """Silence after which a scheduler that pauses so long between passes counts as gone."""
    return max(LOST_SECONDS, 3 * pause)
