"""Reruns: the failed or cancelled runs of a study, queued again all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from server.errors import ConflictError
from server.storage.models import Run, Study
from server.storage.runs import queue_again
from server.storage.states import RunSource, RunStatus
from server.storage.studies import lock_runs, lock_study, tell_stand
from server.storage.sweeps import PRUNED

Which = Literal["failed", "cancelled", "both"]

STATUSES = {
    "failed": (RunStatus.FAILED,),
    "cancelled": (RunStatus.CANCELLED,),
    "both": (RunStatus.FAILED, RunStatus.CANCELLED),
}


@dataclass(frozen=True, slots=True)
class Rerun:
    """What a rerun came to."""

    study: Study
    queued: int
    scripts: int
    """Runs of own scripts among those asked for: only their script can run them again."""


def rerun(session: Session, study_id: str, which: Which = "failed") -> Rerun:
    """Queue the failed or cancelled runs of a study again, as a retry of each would.

    Trials that a sweep stopped early were not cancelled by anybody, and stay as they are. Raises
    ConflictError when there is nothing to queue.
    """
    study = lock_study(session, study_id)
    known = lock_runs(session, study_id)
    meant = [run for run in known if run.status in STATUSES[which] and run.reason != PRUNED]
    chosen = [run for run in meant if run.source == RunSource.WORKER]
    if not chosen:
        raise ConflictError(_nothing(study, known, which, scripts=len(meant)))
    for run in chosen:
        run.priority = int(study.document.get("priority", run.priority))
        queue_again(session, run)
    if which != "failed":
        study.cancelled_at = None
    tell_stand(session, study)
    return Rerun(study, len(chosen), len(meant) - len(chosen))


def _nothing(study: Study, known: Sequence[Run], which: Which, *, scripts: int) -> str:
    if scripts:
        return (
            f"{scripts} such runs of study {study.id} are of own scripts, which no worker can "
            "train; start the scripts again"
        )
    has = {"failed": "has failed", "cancelled": "was cancelled", "both": "failed or was cancelled"}
    counts = Counter("stopped early" if run.reason == PRUNED else str(run.status) for run in known)
    stand = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    said = f"no run of study {study.id} {has[which]}, so none is queued again; it has {stand or 0}"
    if which == "failed" and counts["cancelled"]:
        said += "; ask for the cancelled ones too, with which=both or --cancelled"
    return said
