"""Studies: many runs from one document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from server.errors import ConflictError, NotFoundError
from server.storage.clock import now
from server.storage.events import emit
from server.storage.ids import new_id
from server.storage.models import FoldedModel, Run, Study
from server.storage.pages import Page, newest_first
from server.storage.runs import request_cancel
from server.storage.searching import study_fits
from server.storage.states import TERMINAL, RunSource, RunStatus
from server.storage.transitions import move


def create_study(
    session: Session,
    *,
    name: str,
    experiment: str,
    document: dict[str, Any],
    factors: list[str],
    metric: str,
    goal: str,
    trials: int | None = None,
    parallel: int | None = None,
) -> Study:
    """A new study, before its runs; `trials` is how many a sweep makes, one after the other."""
    study = Study(
        id=new_id("stu"),
        name=name,
        experiment=experiment,
        document=document,
        factors=list(factors),
        metric=metric,
        goal=goal,
        trials_left=trials,
        parallel=parallel,
        created_at=now(session),
    )
    session.add(study)
    session.flush()  # its runs refer to it
    tell_study(session, study.id, "queued")
    return study


def get_study(session: Session, study_id: str) -> Study:
    """The study; raises NotFoundError, also for a deleted one."""
    study = session.get(Study, study_id)
    if study is None or study.deleted_at is not None:
        raise NotFoundError("study", study_id)
    return study


def list_studies(
    session: Session,
    *,
    experiment: str | None = None,
    text: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
    deleted: bool = False,
    archived: bool | None = False,
) -> Page[Study]:
    """Studies, newest first; with `deleted`, those that were deleted and can be brought back.

    Archived ones are left out; with `archived` they alone are listed, and with None both.
    """
    gone = Study.deleted_at.is_not(None) if deleted else Study.deleted_at.is_(None)
    query = select(Study).where(gone)
    if experiment is not None:
        query = query.where(Study.experiment == experiment)
    if text is not None:
        query = query.where(study_fits(text, session.get_bind().dialect.name))
    if archived is not None:
        put_away = Study.archived_at.is_not(None)
        query = query.where(put_away if archived else ~put_away)
    return newest_first(session, query, Study.id, limit=limit, cursor=cursor)


def runs_of_study(session: Session, study_id: str) -> list[Run]:
    """Runs of a study, in the order in which it made them."""
    query = select(Run).where(Run.study_id == study_id, Run.deleted_at.is_(None)).order_by(Run.id)
    return list(session.scalars(query))


def study_counts(session: Session, ids: Sequence[str]) -> dict[str, dict[RunStatus, int]]:
    """How many runs of each study are in each status; statuses without runs are left out.

    Where a study stands is a matter of the runs that it made: those of scripts are not counted.
    """
    query = (
        select(Run.study_id, Run.status, func.count())
        .where(Run.study_id.in_(ids), Run.deleted_at.is_(None))
        .where(Run.source == RunSource.WORKER)
        .group_by(Run.study_id, Run.status)
    )
    counts: dict[str, dict[RunStatus, int]] = {study_id: {} for study_id in ids}
    for study_id, status, count in session.execute(query):
        counts[str(study_id)][RunStatus(status)] = count
    return counts


def study_status(counts: Mapping[RunStatus, int], study: Study) -> str:
    """The status of a study and its runs: queued, running, paused, cancelled or finished."""
    if study.paused_at is not None and not counts.get(RunStatus.RUNNING):
        return "paused"
    present = {status for status, count in counts.items() if count}
    if RunStatus.RUNNING in present:
        return "running"
    if RunStatus.QUEUED in present:
        return "running" if present & TERMINAL else "queued"
    if study.trials_left:
        return "running" if present else "queued"
    if RunStatus.PAUSED in present:
        return "paused"
    if study.trials_left is not None or study.document.get("early_terminate"):
        # Runs that were stopped early are part of it.
        return "cancelled" if study.cancelled_at else "finished"
    return "cancelled" if RunStatus.CANCELLED in present else "finished"


def cancel_study(session: Session, study_id: str) -> None:
    """Cancel every open run of a study; raises ConflictError when none is open."""
    study = lock_study(session, study_id)
    open_runs = [run for run in lock_runs(session, study_id) if run.status not in TERMINAL]
    if not open_runs and not study.trials_left:
        raise ConflictError(f"every run of study {study_id} has ended; nothing is left to cancel")
    if study.trials_left:
        study.trials_left = 0
    study.paused_at = None
    study.cancelled_at = now(session)
    for run in open_runs:
        request_cancel(session, run)
    still_running = any(run.status == RunStatus.RUNNING for run in open_runs)
    if still_running:
        tell_study(session, study_id, "running")
    else:
        tell_study(session, study_id, "cancelled", ended=True)


def pause(session: Session, study: Study, notice: str | None = None) -> None:
    """Let no further run of a study begin; those that run go on to their end.

    `notice` says why, where it was no person who asked.
    """
    if study.paused_at is None:
        study.paused_at = now(session)
    study.notice = notice
    for run in lock_runs(session, study.id):
        if run.status == RunStatus.QUEUED:
            move(session, run, RunStatus.PAUSED, reason="paused", detail=notice)
    tell_study(session, study.id, "paused", **({"notice": notice} if notice else {}))


def pause_study(session: Session, study_id: str) -> Study:
    """Pause a study because a person asks; raises ConflictError when nothing is left to begin."""
    study = lock_study(session, study_id)
    waiting = study_counts(session, [study_id])[study_id]
    if not study.trials_left and not (waiting.keys() - TERMINAL):
        raise ConflictError(f"every run of study {study_id} has ended; nothing is left to pause")
    pause(session, study)
    return study


def resume_study(session: Session, study_id: str) -> Study:
    """Go on with a paused study; raises ConflictError for one that is not paused."""
    study = lock_study(session, study_id)
    if study.paused_at is None:
        raise ConflictError(f"study {study_id} is not paused")
    study.paused_at = study.notice = None
    study.resumed_at = now(session)
    for run in lock_runs(session, study_id):
        if run.status == RunStatus.PAUSED:
            move(session, run, RunStatus.QUEUED)
    tell_study(session, study_id, "running")
    return study


def change_study(
    session: Session, study_id: str, *, priority: int | None = None, parallel: int | None = None
) -> Study:
    """Change how a study's runs queue while it runs: their priority, and how many at once."""
    study = lock_study(session, study_id)
    if parallel is not None:
        study.parallel = parallel
    if priority is not None:
        study.document = {**study.document, "priority": priority}
        for run in lock_runs(session, study_id):
            if run.status not in TERMINAL:
                run.priority = priority
    return study


def delete_study(session: Session, study_id: str) -> None:
    """Delete a study with its runs and models, until it is purged or brought back.

    Raises ConflictError when a run is open.
    """
    study = lock_study(session, study_id)
    still_open = sum(run.status not in TERMINAL for run in lock_runs(session, study_id))
    if still_open:
        raise ConflictError(
            f"{still_open} runs of study {study_id} are open; cancel it first, then delete it"
        )
    moment = now(session)
    study.deleted_at = moment
    # A run that was deleted before keeps its own time: it does not come back with the study.
    _set_deleted(session, study_id, Run.deleted_at.is_(None), moment)
    tell_study(session, study_id, "deleted")


def restore_study(session: Session, study_id: str) -> Study:
    """Bring a deleted study back with the runs and models that were deleted with it.

    One that is there already stays as it is; raises NotFoundError for none.
    """
    study = lock_study(session, study_id, deleted=True)
    if study.deleted_at is None:
        return study
    _set_deleted(session, study_id, Run.deleted_at == study.deleted_at, None)
    study.deleted_at = None
    tell_stand(session, study)
    return study


def lock_study(session: Session, study_id: str, *, deleted: bool = False) -> Study:
    """The study, its row locked until the transaction ends; raises NotFoundError.

    Lock it before its runs: whoever claims one takes the locks in this order.
    """
    query = select(Study).where(Study.id == study_id).with_for_update()
    study = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if study is None or (study.deleted_at is not None and not deleted):
        raise NotFoundError("study", study_id)
    return study


def _set_deleted(
    session: Session, study_id: str, which: ColumnElement[bool], moment: datetime | None
) -> None:
    """Delete some runs of a study with their models, or bring them back."""
    chosen = select(Run.id).where(Run.study_id == study_id, which)
    models = update(FoldedModel).where(FoldedModel.run_id.in_(chosen))
    runs = update(Run).where(Run.study_id == study_id, which)
    for change in (models, runs):  # in this order: the first still asks which runs
        values = change.values(deleted_at=moment)
        session.execute(values.execution_options(synchronize_session=False))


def lock_runs(session: Session, study_id: str) -> list[Run]:
    """Every run of a study, their rows locked until the transaction ends."""
    query = (
        select(Run)
        .where(Run.study_id == study_id, Run.deleted_at.is_(None))
        .order_by(Run.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def tell_stand(session: Session, study: Study) -> None:
    """Emit where a study stands after its runs were changed."""
    session.flush()
    counts = study_counts(session, [study.id])[study.id]
    tell_study(session, study.id, study_status(counts, study))


def tell_study(session: Session, study_id: str, status: str, **more: Any) -> None:
    """Emit where a study stands."""
    emit(session, "study", study_id=study_id, data={"status": status, **more})
