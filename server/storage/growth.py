"""Growth: a study that gets more runs after it was made."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from server.errors import ConflictError
from server.storage.models import Run, Study
from server.storage.states import RunSource, RunStatus
from server.storage.studies import lock_study
from server.storage.sweeps import PRUNED


def lock_growing(session: Session, study_id: str) -> Study:
    """The study, locked until the transaction ends; raises ConflictError as check_growing does."""
    study = lock_study(session, study_id)
    check_growing(session, study)
    return study


def check_growing(session: Session, study: Study) -> None:
    """Raise ConflictError for a study that was cancelled and has runs that this stopped."""
    if study.cancelled_at is None:
        return
    query = select(func.count()).where(
        Run.study_id == study.id,
        Run.deleted_at.is_(None),
        Run.source == RunSource.WORKER,
        or_(
            and_(Run.status == RunStatus.CANCELLED, Run.reason != PRUNED),
            and_(Run.status == RunStatus.RUNNING, Run.cancel_requested),
        ),
    )
    if stopped := session.scalars(query).one():
        raise ConflictError(
            f"study {study.id} was cancelled with {stopped} runs left out, so more seeds would "
            "not be met by every cell; queue those again first (realspike study rerun "
            f"{study.id} --cancelled), or submit a new study"
        )


def specs_made(session: Session, study_id: str) -> list[dict[str, Any]]:
    """Specifications of the runs that the study made and that were not deleted."""
    query = select(Run.spec).where(
        Run.study_id == study_id, Run.deleted_at.is_(None), Run.source == RunSource.WORKER
    )
    return list(session.scalars(query))
