"""Finished runs that tell what others of their kind will need."""

from __future__ import annotations

from sqlalchemy import and_, case, select
from sqlalchemy.orm import Session

from server.storage.models import Attempt, Run
from server.storage.states import RunSource, RunStatus

Finished = tuple[dict[str, object], dict[str, float], float, str]
"""Spec, newest metrics, seconds from start to end, and device."""


def finished_runs(
    session: Session, *, dataset: str, network: str, num_timesteps: int, limit: int
) -> list[Finished]:
    """Runs that succeeded at their first attempt, the newest first: their time has no pauses."""
    trained = Run.source == RunSource.WORKER
    # A script's value may be of any type, and only a case keeps it from being cast.
    timesteps = case((trained, Run.spec["num_timesteps"].as_integer()))
    query = (
        select(Run.spec, Run.summary, Run.started_at, Run.finished_at, Attempt.device)
        .join(Attempt, and_(Attempt.run_id == Run.id, Attempt.number == Run.attempt))
        .where(Run.status == RunStatus.SUCCEEDED, Run.deleted_at.is_(None), Run.attempt == 1)
        .where(trained)
        .where(Run.spec["dataset"].as_string() == dataset)
        .where(Run.spec["network"].as_string() == network)
        .where(timesteps == num_timesteps)
        .order_by(Run.id.desc())
        .limit(limit)
    )
    return [
        (row.spec, row.summary, (row.finished_at - row.started_at).total_seconds(), row.device)
        for row in session.execute(query)
        if row.started_at and row.finished_at
    ]
