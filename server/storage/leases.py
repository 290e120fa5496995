"""Leases that somebody else renews: a worker for its children, which may be too busy to do it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.storage.clock import now
from server.storage.models import Run
from server.storage.states import RunStatus

Held = tuple[str, int]
"""A run and the number of the attempt that works on it."""


def owners(session: Session, held: Collection[Held]) -> set[Held]:
    """Those attempts that own their run."""
    query = select(Run.id, Run.attempt).where(
        Run.id.in_([run_id for run_id, _ in held]),
        Run.status == RunStatus.RUNNING,
        Run.deleted_at.is_(None),
    )
    return {(run_id, attempt) for run_id, attempt in session.execute(query)} & set(held)


def renew_all(session: Session, held: Collection[Held], *, lease_seconds: float) -> None:
    """Renew the leases of attempts that own their runs.

    A run that is locked is passed over: somebody works on it at this very moment, and whoever
    takes runs from silent workers passes it over too.
    """
    query = (
        select(Run)
        .where(Run.id.in_([run_id for run_id, _ in held]), Run.status == RunStatus.RUNNING)
        .order_by(Run.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    ends = now(session) + timedelta(seconds=lease_seconds)
    for run in session.scalars(query):
        if (run.id, run.attempt) in held:
            run.lease_expires_at = ends
