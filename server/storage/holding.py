"""Which queued runs may not begin yet, because their study is paused or has enough running."""

from __future__ import annotations

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from server.storage.models import Run, Study
from server.storage.states import RunSource, RunStatus


def held_studies() -> Select[str]:
    """Ids of the studies of which no run may begin now."""
    running = (
        select(func.count())
        .where(
            Run.study_id == Study.id,
            Run.status == RunStatus.RUNNING,
            Run.source == RunSource.WORKER,
        )
        .correlate(Study)
        .scalar_subquery()
    )
    return select(Study.id).where(or_(Study.paused_at.is_not(None), Study.parallel <= running))


def is_held(session: Session, run_id: str) -> bool:
    """True when a run may not begin because of its study, whose row is locked until the end.

    Call it before the run itself is locked: whoever pauses a study takes the locks in this order.
    """
    study = session.execute(
        select(Study.paused_at, Study.parallel, Study.id)
        .join(Run, Run.study_id == Study.id)
        .where(Run.id == run_id)
    ).one_or_none()
    if study is None or (study.paused_at is None and study.parallel is None):
        return False
    session.execute(select(Study.id).where(Study.id == study.id).with_for_update())
    held = held_studies().where(Study.id == study.id)
    return session.scalars(held).one_or_none() is not None
