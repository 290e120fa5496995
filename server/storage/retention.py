"""Retention: what was deleted can be brought back until it is purged.

A purge deletes what it listed and nothing else. The rows of a run go in one transaction, its
files after the commit; so an end in between leaves at most files that nothing refers to.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from server.errors import StorageError
from server.storage import figures
from server.storage.artifact_files import ArtifactFiles
from server.storage.clock import now
from server.storage.database import Database
from server.storage.models import Artifact, Base, Run, Study
from server.storage.states import TERMINAL
from server.storage.sweep import bury, sweep_purged

logger = logging.getLogger(__name__)

_ENDED = [str(status) for status in TERMINAL]


@dataclass(frozen=True, slots=True)
class DeletedRun:
    """A run that a purge would delete, with the files it has."""

    id: str
    name: str
    deleted_at: datetime
    artifacts: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DeletedStudy:
    """A study that a purge would delete."""

    id: str
    name: str
    deleted_at: datetime


@dataclass(frozen=True, slots=True)
class Purge:
    """All that one purge deletes: what had been deleted before a moment and lies there still."""

    before: datetime
    runs: list[DeletedRun]
    studies: list[DeletedStudy]

    @property
    def artifacts(self) -> int:
        """Recorded files of its runs."""
        return sum(run.artifacts for run in self.runs)

    @property
    def bytes(self) -> int:
        """Bytes of those files."""
        return sum(run.bytes for run in self.runs)


def plan(db: Database, older_than: timedelta) -> Purge:
    """What had been deleted for longer than that; nothing is changed."""
    with db.read() as session:
        before = now(session) - older_than
        return Purge(before, _runs(session, before), _studies(session, before))


def _runs(session: Session, before: datetime) -> list[DeletedRun]:
    query = (
        select(
            Run.id,
            Run.name,
            Run.deleted_at,
            func.count(Artifact.id),
            func.coalesce(func.sum(Artifact.size), 0),
        )
        .outerjoin(Artifact, Artifact.run_id == Run.id)
        .where(Run.deleted_at <= before, Run.status.in_(_ENDED))
        .group_by(Run.id, Run.name, Run.deleted_at)
        .order_by(Run.id)
    )
    return [
        DeletedRun(run_id, name, deleted_at, artifacts, int(size))
        for run_id, name, deleted_at, artifacts, size in session.execute(query)
        if deleted_at is not None
    ]


def _studies(session: Session, before: datetime) -> list[DeletedStudy]:
    kept = select(Run.id).where(Run.study_id == Study.id)
    kept = kept.where(
        Run.deleted_at.is_(None) | (Run.deleted_at > before) | Run.status.not_in(_ENDED)
    )
    query = (
        select(Study.id, Study.name, Study.deleted_at)
        .where(Study.deleted_at <= before, ~kept.exists())
        .order_by(Study.id)
    )
    return [
        DeletedStudy(study_id, name, deleted_at)
        for study_id, name, deleted_at in session.execute(query)
        if deleted_at is not None
    ]


def carry_out(
    db: Database, files: ArtifactFiles, purge: Purge
) -> Iterator[DeletedRun | DeletedStudy]:
    """Delete what was planned, one thing a step; yields each that is gone.

    What was brought back since it was planned stays.
    """
    files.check()  # rows whose files cannot be deleted should stay until they can
    for run in purge.runs:
        if _purge_run(db, files, run.id, purge.before):
            yield run
    for study in purge.studies:
        if _purge_study(db, study.id, purge.before):
            yield study


def _purge_run(db: Database, files: ArtifactFiles, run_id: str, before: datetime) -> bool:
    with db.write() as session:
        query = select(Run).where(Run.id == run_id).with_for_update()
        run = session.scalars(query).one_or_none()
        if run is None or not _is_over(run.deleted_at, before) or run.status not in TERMINAL:
            return False
        figures.remember_attempts(session, run_id)
        for table in reversed(Base.metadata.sorted_tables):  # what refers to others first
            if "run_id" in table.c:
                session.execute(delete(table).where(table.c.run_id == run_id))
        session.delete(run)
        bury(session, run_id)
    try:
        sweep_purged(db, files, run_id)
    except StorageError as error:
        # Nothing refers to them any more, so they only take room until they are swept.
        logger.warning("files of purged run %s are still there: %s", run_id, error)
    return True


def _purge_study(db: Database, study_id: str, before: datetime) -> bool:
    with db.write() as session:
        query = select(Study).where(Study.id == study_id).with_for_update()
        study = session.scalars(query).one_or_none()
        if study is None or not _is_over(study.deleted_at, before):
            return False
        if session.scalar(select(Run.id).where(Run.study_id == study_id).limit(1)):
            return False
        session.delete(study)
        return True


def _is_over(deleted_at: datetime | None, before: datetime) -> bool:
    return deleted_at is not None and deleted_at <= before
