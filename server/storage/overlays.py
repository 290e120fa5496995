"""Overlays: metrics of many runs in one look, from prepared curves where nothing changed since.

A run that has ended is prepared soon after its end, and whenever an overlay shows it for the first
time; any other is read as it is now.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.storage.curves import Curve, read_curves
from server.storage.database import Database
from server.storage.events import newest_id
from server.storage.models import Event, Run
from server.storage.prepared_curves import PreparedCurves, Seen
from server.storage.states import TERMINAL

TELLING = ("run", "metrics")
"""Kinds of events without which no metric of a run changes."""
_ENDED = [str(status) for status in TERMINAL]


@dataclass(slots=True)
class Overlay:
    """The curves that were asked for, by run and name, and runs for which there was no time."""

    curves: dict[tuple[str, str], Curve] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)


class Overlays:
    """Reads curves of many runs, and prepares those that will be asked for."""

    def __init__(self, db: Database, prepared: PreparedCurves) -> None:
        self._db = db
        self._prepared = prepared

    def read(self, run_ids: Sequence[str], names: Sequence[str], *, seconds: float) -> Overlay:
        """Curves at their finest; after so many seconds the runs that are left are pending.

        At least one run that was not prepared is read and prepared in each call, so asking again
        comes to an end.
        """
        began = time.monotonic()
        overlay = Overlay(self._still_true(run_ids, names))
        missing = [
            run_id
            for run_id in run_ids
            if any((run_id, name) not in overlay.curves for name in names)
        ]
        for number, run_id in enumerate(missing):
            if number and time.monotonic() - began > seconds:
                overlay.pending = missing[number:]
                break
            found = self._read_run(run_id, names)
            overlay.curves.update({(run_id, name): curve for name, curve in found.items()})
        return overlay

    def follow(self) -> list[str]:
        """Read on in the log of events and forget what changed; ids of ended runs to prepare."""
        seen = self._prepared.seen()
        with self._db.read() as session:
            newest = _newest(session)
            if newest is None or newest == seen:
                return []
            goes_on = seen is not None and _is_there(session, seen)
            changed = _changed(session, seen.event_id) if seen is not None and goes_on else {}
            ended = select(Run.id).where(Run.status.in_(_ENDED), Run.deleted_at.is_(None))
            to_prepare = session.scalars(ended.where(Run.id.in_(changed))).all() if changed else ()
        self._prepared.advance(newest, changed if goes_on else None)
        return list(to_prepare)

    def prepare(self, run_id: str) -> None:
        """Read all curves of a run and keep them, if it has ended."""
        self._read_run(run_id, None)

    def _still_true(
        self, run_ids: Sequence[str], names: Sequence[str]
    ) -> dict[tuple[str, str], Curve]:
        # First how far the log was read, then the log: it may have grown meanwhile, never shrunk.
        seen = self._prepared.seen()
        if seen is None:
            return {}
        with self._db.read() as session:
            if not _is_there(session, seen):
                return {}
            changed = _changed(session, seen.event_id, run_ids)
        found = self._prepared.find(run_ids, names)
        return {
            key: prepared.curve
            for key, prepared in found.items()
            if prepared.event_id >= changed.get(key[0], 0)
        }

    def _read_run(self, run_id: str, names: Sequence[str] | None) -> dict[str, Curve]:
        """Curves of a run as they are now; kept if it has ended."""
        with self._db.read() as session:
            status = session.scalar(select(Run.status).where(Run.id == run_id))
            event_id = newest_id(session)
            curves = read_curves(session, run_id, names)
        if status in _ENDED and event_id:
            self._prepared.keep(run_id, curves.values(), event_id=event_id)
        return curves


def _newest(session: Session) -> Seen | None:
    query = select(Event.id, Event.created_at).order_by(Event.id.desc()).limit(1)
    found = session.execute(query).one_or_none()
    return None if found is None else Seen(found[0], found[1].isoformat())


def _is_there(session: Session, seen: Seen) -> bool:
    """Whether the log still has that event: then it has all since, and is no other service's."""
    moment = session.scalar(select(Event.created_at).where(Event.id == seen.event_id))
    return moment is not None and moment.isoformat() == seen.event_at


def _changed(
    session: Session, after: int, run_ids: Collection[str] | None = None
) -> dict[str, int]:
    """Newest event after that one of every run of which something may have been measured."""
    query = (
        select(Event.run_id, func.max(Event.id))
        .where(Event.id > after, Event.kind.in_(TELLING), Event.run_id.is_not(None))
        .group_by(Event.run_id)
    )
    wanted = None if run_ids is None else set(run_ids)
    return {
        str(run_id): event_id
        for run_id, event_id in session.execute(query)
        if wanted is None or run_id in wanted
    }
