"""The order in which queued runs begin: the one that workers are woken in and people are shown.

The highest priority comes first, then the oldest study, and inside it the oldest run. An ablation
makes its runs seed by seed, so what comes first is every cell of one seed, then every cell of the
next, and no younger study in between.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Subquery, func, or_, select

from server.storage.models import Run, Study
from server.storage.states import RunSource, RunStatus


def line(moment: datetime) -> Subquery:
    """Runs that a worker could begin at a moment: `id`, `woken_at`, and their `position` from 1.

    Left out are those that wait for the end of a back-off, and of each study those beyond what
    it may have running.
    """
    running = (
        select(Run.study_id, func.count().label("count"))
        .where(Run.status == RunStatus.RUNNING, Run.source == RunSource.WORKER)
        .where(Run.study_id.is_not(None))
        .group_by(Run.study_id)
        .subquery()
    )
    waiting = (
        select(
            Run.id,
            Run.priority,
            Run.woken_at,
            func.coalesce(Run.study_id, Run.id).label("study"),
            func.coalesce(Study.created_at, Run.created_at).label("came_at"),
            func.row_number()
            .over(partition_by=Run.study_id, order_by=(Run.priority.desc(), Run.id))
            .label("place"),
            (Study.parallel - func.coalesce(running.c.count, 0)).label("room"),
        )
        .outerjoin(Study, Study.id == Run.study_id)
        .outerjoin(running, running.c.study_id == Run.study_id)
        .where(Run.status == RunStatus.QUEUED, Run.deleted_at.is_(None))
        .where(or_(Run.not_before.is_(None), Run.not_before <= moment))
        .where(Study.paused_at.is_(None))
        .subquery()
    )
    order = (waiting.c.priority.desc(), waiting.c.came_at, waiting.c.study, waiting.c.id)
    return (
        select(
            waiting.c.id,
            waiting.c.woken_at,
            func.row_number().over(order_by=order).label("position"),
        )
        .where(or_(waiting.c.room.is_(None), waiting.c.place <= waiting.c.room))
        .subquery()
    )
