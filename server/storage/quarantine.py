"""Quarantine: a worker on which runs fail one after another gets no more until a person says so.

docs/decisions/0018 says which ends count and why.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from server.errors import ConflictError, NotFoundError
from server.storage import logs
from server.storage.clock import now
from server.storage.events import emit
from server.storage.models import Attempt, Run, Worker
from server.storage.states import AttemptOutcome

OF_THE_MACHINE = ("device_missing", "disk_full", "dataset_corrupt", "storage_unavailable")
"""Reasons that no specification brings about."""
OF_EITHER = ("internal_error", "out_of_memory", "lost")
"""Reasons that may lie in the machine or in what it was given to train."""
NAMED = 5
"""Most failed runs that a notice names."""

_seen_to_die = and_(Attempt.outcome == AttemptOutcome.LOST, Attempt.exit.is_not(None))


def judge(session: Session, run_id: str, attempt: int, *, after: int) -> str | None:
    """Quarantine the worker of an attempt that ended badly, if that makes `after` runs in a row.

    Returns why, when it did. With `after` 0 nobody is ever quarantined. Call it when every run of
    the transaction is locked: it locks the worker's row, and others take the locks in this order.
    """
    ended = session.get(Attempt, (run_id, attempt))
    if not after or ended is None or ended.reason not in OF_THE_MACHINE + OF_EITHER:
        return None
    failed = failures_in_a_row(session, ended)
    if len(failed) < after or run_id not in dict(failed):
        return None
    why = _notice(ended.worker_id, failed)
    quarantined = session.scalars(
        update(Worker)
        .where(Worker.id == ended.worker_id, Worker.quarantined_at.is_(None))
        .values(quarantined_at=now(session), quarantine_reason=why)
        .returning(Worker.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if quarantined is None:
        return None
    data = {"worker_id": quarantined, "status": "quarantined", "reason": why}
    emit(session, "worker", data=data)
    run = session.get_one(Run, run_id)
    logs.note(session, run, [f"worker {quarantined} ({ended.host}) is quarantined: {why}"])
    return why


def failures_in_a_row(session: Session, ended: Attempt) -> Sequence[tuple[str, str]]:
    """Runs, with their last reason, that failed on an attempt's worker since one succeeded there.

    What may lie in the runs themselves does not count where a run of the same study came to the
    same end on another host. A lease that ran out does not count either: all runs of a worker that
    was cut off end so, at once.
    """
    session.flush()
    here, sister, elsewhere = aliased(Run), aliased(Run), aliased(Attempt)
    same = or_(sister.id == Attempt.run_id, sister.study_id == here.study_id)
    not_only_here = exists().where(
        elsewhere.run_id == sister.id,
        elsewhere.host != Attempt.host,
        elsewhere.reason == Attempt.reason,
        same,
    )
    succeeded = (
        select(func.max(Attempt.finished_at))
        .where(Attempt.worker_id == ended.worker_id)
        .where(Attempt.outcome == AttemptOutcome.SUCCEEDED)
        .scalar_subquery()
    )
    query = (
        select(Attempt.run_id, Attempt.reason)
        .join(here, here.id == Attempt.run_id)
        .where(Attempt.worker_id == ended.worker_id)
        .where(or_(Attempt.outcome == AttemptOutcome.FAILED, _seen_to_die))
        .where(or_(succeeded.is_(None), Attempt.finished_at > succeeded))
        .where(
            or_(
                Attempt.reason.in_(OF_THE_MACHINE),
                and_(Attempt.reason.in_(OF_EITHER), ~not_only_here),
            )
        )
        .order_by(Attempt.finished_at, Attempt.run_id)
    )
    return list({run_id: (run_id, str(why)) for run_id, why in session.execute(query)}.values())


def release(session: Session, worker_id: str) -> Worker:
    """Let a worker take runs again; raises ConflictError for one that is not quarantined.

    If the next run fails there too, before one succeeds, it is quarantined again at once.
    """
    query = select(Worker).where(Worker.id == worker_id).with_for_update()
    worker = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if worker is None:
        raise NotFoundError("worker", worker_id)
    if worker.quarantined_at is None:
        raise ConflictError(f"worker {worker_id} is not quarantined, so it needs no release")
    if worker.stopped_at is not None:
        raise ConflictError(
            f"worker {worker_id} has stopped; one that is started in its place is not quarantined"
        )
    worker.quarantined_at = worker.quarantine_reason = None
    emit(session, "worker", data={"worker_id": worker_id, "status": "alive"})
    return worker


def is_quarantined(session: Session, worker_id: str) -> bool:
    """True for a worker that may claim nothing."""
    worker = session.get(Worker, worker_id)
    return worker is not None and worker.quarantined_at is not None


def _notice(worker_id: str, failed: Sequence[tuple[str, str]]) -> str:
    named = ", ".join(f"{run_id} ({why})" for run_id, why in failed[-NAMED:])
    return (
        f"{len(failed)} runs in a row failed on it: {named}. Read their logs (realspike run log "
        "ID). If the machine is at fault, put it right and start the worker anew; if the runs "
        f"are, let it go on: realspike worker release {worker_id}. What failed there can be tried "
        "again on another: realspike run retry ID, or realspike study rerun ID"
    )
