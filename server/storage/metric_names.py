"""Names of metrics that runs have had."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.storage.models import Run

RUNS_ASKED = 200


def has_metric(session: Session, name: str) -> bool:
    """True when any run has, or had, a value of this metric."""
    query = select(Run.id).where(Run.summary[name].as_float().is_not(None)).limit(1)
    return session.scalar(query) is not None


def recent_metrics(session: Session) -> set[str]:
    """Names of the metrics of the newest runs."""
    newest = select(Run.summary).order_by(Run.id.desc()).limit(RUNS_ASKED)
    return {name for summary in session.scalars(newest) for name in summary}
