"""Experiments: names under which studies and runs stand together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.storage.models import Run, Study
from server.storage.searching import run_is_archived
from server.storage.studies import study_counts, study_status


@dataclass(slots=True)
class Experiment:
    """One name with what stands under it; what is deleted or archived is left out."""

    name: str
    active_at: datetime
    """When something of it was made, begun or ended last."""
    runs: dict[str, int] = field(default_factory=dict)
    """How many runs are in which status."""
    studies: dict[str, int] = field(default_factory=dict)
    """The same of studies."""

    def note(self, moments: Iterable[datetime | None]) -> None:
        """Something happened at these moments."""
        self.active_at = max(self.active_at, *(each for each in moments if each is not None))


def list_experiments(session: Session) -> list[Experiment]:
    """Every experiment, the one with the newest activity first."""
    found: dict[str, Experiment] = {}
    _add_runs(session, found)
    _add_studies(session, found)
    return sorted(found.values(), key=lambda each: (each.active_at, each.name), reverse=True)


def _add_runs(session: Session, found: dict[str, Experiment]) -> None:
    query = (
        select(
            Run.experiment,
            Run.status,
            func.count(),
            func.max(Run.created_at),
            func.max(Run.started_at),
            func.max(Run.finished_at),
        )
        .where(Run.deleted_at.is_(None), ~run_is_archived())
        .group_by(Run.experiment, Run.status)
        .order_by(Run.status)
    )
    for name, status, count, created, *later in session.execute(query):
        experiment = found.setdefault(name, Experiment(name, created))
        experiment.runs[status] = count
        experiment.note((created, *later))


def _add_studies(session: Session, found: dict[str, Experiment]) -> None:
    query = select(Study).where(Study.deleted_at.is_(None), Study.archived_at.is_(None))
    studies = list(session.scalars(query))
    counts = study_counts(session, [study.id for study in studies])
    for study in studies:
        experiment = found.setdefault(
            study.experiment, Experiment(study.experiment, study.created_at)
        )
        status = study_status(counts[study.id], study)
        experiment.studies[status] = experiment.studies.get(status, 0) + 1
        experiment.note((study.created_at,))
