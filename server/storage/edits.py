"""Edits: what people write on runs and studies: name, experiment, tags, notes, archive.

Nothing here changes what is trained or in which order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.errors import ConflictError
from server.storage.clock import now
from server.storage.models import Run, Study
from server.storage.studies import lock_runs, lock_study, study_counts, study_status, tell_study
from server.storage.transitions import lock_run, tell

MOST_TAGS = 50


@dataclass(frozen=True, slots=True)
class Edit:
    """What to write; None leaves as it is. Empty notes are none."""

    name: str | None = None
    experiment: str | None = None
    notes: str | None = None
    archived: bool | None = None


@dataclass(frozen=True, slots=True)
class TagEdit:
    """Tags to put in place of all, then to add, then to take away."""

    instead: Sequence[str] | None = None
    add: Sequence[str] = ()
    remove: Sequence[str] = ()

    def of(self, tags: Sequence[str]) -> list[str]:
        """The tags afterwards, each once, in order."""
        known = tags if self.instead is None else self.instead
        return [tag for tag in dict.fromkeys([*known, *self.add]) if tag not in self.remove]


def edit_run(session: Session, run_id: str, edit: Edit, tags: TagEdit | None = None) -> Run:
    """Write on a run; raises ConflictError when it would get more tags than it may have."""
    run = lock_run(session, run_id)
    if tags is not None:
        run.tags = tags.of(run.tags)
        if len(run.tags) > MOST_TAGS:
            raise ConflictError(
                f"run {run_id} would have {len(run.tags)} tags, the limit is {MOST_TAGS}; "
                "remove some"
            )
    if edit.experiment is not None:
        run.experiment = edit.experiment
    _write(session, run, edit)
    tell(session, run)
    return run


def edit_study(session: Session, study_id: str, edit: Edit) -> Study:
    """Write on a study; its runs follow it to another experiment."""
    study = lock_study(session, study_id)
    if edit.name is not None:
        study.document = {**study.document, "name": edit.name}
    if edit.experiment is not None:
        study.experiment = edit.experiment
        study.document = {**study.document, "experiment": edit.experiment}
        for run in lock_runs(session, study_id):
            run.experiment = edit.experiment
    _write(session, study, edit)
    session.flush()
    tell_study(session, study_id, study_status(study_counts(session, [study_id])[study_id], study))
    return study


def _write(session: Session, thing: Run | Study, edit: Edit) -> None:
    if edit.name is not None:
        thing.name = edit.name
    if edit.notes is not None:
        thing.notes = edit.notes or None
    if edit.archived is True and thing.archived_at is None:
        thing.archived_at = now(session)
    elif edit.archived is False:
        thing.archived_at = None
