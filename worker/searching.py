"""Searching: the scheduler's part in studies, which makes trials, and stops what goes badly.

A sweep's state is its runs: what to try next is asked of a sampler that is built anew from them,
under the lock of the study's row, so that several schedulers, or one that was killed in between,
make each trial once.
"""

from __future__ import annotations

import logging

from pydantic import ValidationError
from sqlalchemy.orm import Session

from server.settings import Settings
from server.storage import runs, studies, sweeps, workers
from server.storage.database import Database
from server.storage.models import Run, Study
from server.storage.states import RunStatus
from server.studies.expand import PlannedRun, stored_fields, trial_run
from server.studies.parameters import EarlyTerminate
from server.studies.search.proposer import MOST_TRIES, SamplerError, propose
from server.studies.search.stopping import Halving, Median
from server.studies.search.trials import Tried
from server.studies.spec import StudyDocument

logger = logging.getLogger(__name__)


class Searching:
    """One step at a time over all sweeps."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    def step(self) -> None:
        """Make the trials that there is room for, and stop those that fell behind."""
        with self._database.read() as session:
            waiting = sweeps.searching(session)
            slots = workers.slots(session, self._settings.lease_seconds)
            beginning = sweeps.beginning(session)
            failing = [study.id for study in beginning if _is_failing(session, study)]
            behind = [
                run_id for study in sweeps.stoppable(session) for run_id in _behind(session, study)
            ]
        for study_id in waiting:
            with self._database.write() as session:
                _make_trials(session, study_id, slots)
        for study_id in failing:
            with self._database.write() as session:
                _pause_failing(session, study_id)
        for run_id in behind:
            with self._database.write() as session:
                if sweeps.prune(session, run_id):
                    logger.info("run %s is stopped early", run_id, extra={"run_id": run_id})


def _make_trials(session: Session, study_id: str, slots: int) -> None:
    study = sweeps.lock_searching(session, study_id)
    if study is None or study.trials_left is None:
        return
    room = (study.parallel or max(1, slots)) - sweeps.open_count(session, study_id)
    if room <= 0:
        return
    document = StudyDocument.model_validate(study.document)
    if _is_failing(session, study):
        limit = document.max_consecutive_failures
        studies.pause(session, study, f"{limit} trials in a row have failed; look at their logs")
        return
    tried = [_tried(run, document) for run in sweeps.trials(session, study_id)]
    if any(trial.values and document.metric.reached(trial.values[0]) for trial in tried):
        sweeps.end(session, study)
        return
    for _ in range(min(room, study.trials_left)):
        try:
            made = _next_trial(document, study_id, tried)
        except SamplerError as error:
            studies.pause(session, study, str(error))
            return
        if made is None:
            studies.pause(
                session,
                study,
                f"{MOST_TRIES} draws in a row gave no specification that can be; "
                "narrow the ranges of the parameters",
            )
            return
        planned, trial = made
        runs.create_run(
            session,
            **stored_fields(document, planned),
            study_id=study_id,
            drawn=dict(trial.drawn),
        )
        tried.append(trial)
        study.trials_left -= 1


def _is_failing(session: Session, study: Study) -> bool:
    """True where as many runs in a row have failed as the study puts up with."""
    limit = study.document.get("max_consecutive_failures")
    return limit is not None and sweeps.only_failures(session, study, limit)


def _pause_failing(session: Session, study_id: str) -> None:
    study = sweeps.lock_beginning(session, study_id)
    if study is not None and _is_failing(session, study):
        limit = study.document["max_consecutive_failures"]
        studies.pause(session, study, f"{limit} runs in a row have failed; look at their logs")


def _next_trial(
    document: StudyDocument, study_id: str, tried: list[Tried]
) -> tuple[PlannedRun, Tried] | None:
    if document.method == "grid":
        return None
    for redraw in range(MOST_TRIES):
        proposal = propose(
            document.method,
            document.dimensions(),
            tried,
            goals=document.goals,
            study_id=study_id,
            redraw=redraw,
        )
        try:
            planned = trial_run(document, proposal.fields, len(tried) + 1)
        except ValidationError:
            continue  # fields that do not go together, such as a level of another
        return planned, Tried(proposal.drawn)
    return None


def _tried(run: Run, document: StudyDocument) -> Tried:
    drawn = run.drawn or {}
    names = [document.metric.name, *(objective.name for objective in document.objectives)]
    values = [run.summary[name] for name in names if name in run.summary]
    if run.status == RunStatus.SUCCEEDED and len(values) == len(names):
        return Tried(drawn, values, "done")
    if run.status == RunStatus.CANCELLED and run.reason == sweeps.PRUNED:
        return Tried(drawn, state="pruned", last=run.summary.get(document.metric.name))
    if run.status in (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED):
        return Tried(drawn, state="failed")
    return Tried(drawn)


def _behind(session: Session, study: Study) -> list[str]:
    """Trials that run and that the study's rule stops now."""
    document = StudyDocument.model_validate(study.document)
    if document.early_terminate is None:
        return []
    found = sweeps.curves(session, study.id, document.metric.name)
    behind = []
    for run in sweeps.training(session, study.id):
        if run.id not in found:
            continue
        others = [curve for run_id, curve in found.items() if run_id != run.id]
        rule = _rule(document.early_terminate, epochs=int(run.spec["epochs"]))
        if rule.stops(found[run.id], others, document.metric.goal) is not None:
            behind.append(run.id)
    return behind


def _rule(early: EarlyTerminate, *, epochs: int) -> Halving | Median:
    if early.type == "median":
        return Median(min_epoch=early.min_iter or 1, min_trials=early.min_trials)
    return Halving(early.rungs(epochs), eta=early.eta, strict=early.strict)
