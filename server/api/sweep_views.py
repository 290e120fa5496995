"""What a study found: its best runs, and which parameters mattered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from rscore.spec import FieldProblem
from server.api.sweep_schemas import (
    BestRun,
    ObjectiveRead,
    ParameterLeftOut,
    ParameterShare,
    StudyBest,
    StudyImportance,
)
from server.errors import StudyError
from server.storage import sweeps
from server.storage.models import Run, Study
from server.storage.states import RunSource, RunStatus
from server.storage.studies import runs_of_study
from server.studies.best import Best, Candidate, best_of
from server.studies.metrics import AT_THE_END
from server.studies.search.dimension import Choice, Dimension
from server.studies.search.importance import Importance, importance
from server.studies.spec import StudyDocument
from server.studies.suggestions import metric_hint

Epoch = int | Literal["last"] | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What importance is computed from, read and not yet computed."""

    study_id: str
    metric: str
    epoch: int | None
    dimensions: Sequence[Dimension]
    points: Sequence[tuple[Mapping[str, Any], float]]

    def importance(self) -> Importance:
        """It may take seconds: ask for it outside of a transaction."""
        return importance(self.dimensions, self.points)


def best_runs(session: Session, study: Study) -> Best:
    """The best of a study's runs so far."""
    document = StudyDocument.model_validate(study.document)
    return best_of(document, [_candidate(study, run) for run in _made(session, study.id)])


def study_best(session: Session, study: Study) -> StudyBest:
    """The best of a study's runs so far, as the API says it."""
    best = best_runs(session, study)
    return StudyBest.model_validate(
        {
            "study_id": study.id,
            "objectives": [
                ObjectiveRead.model_validate({"name": name, "goal": goal})
                for name, goal in best.objectives
            ],
            "runs": [
                BestRun(
                    run_id=each.run_id,
                    name=each.name,
                    levels=dict(each.levels),
                    values=best.values(each),
                )
                for each in best.front
            ],
            "finished": best.finished,
            "pruned": best.pruned,
            "failed": best.failed,
        }
    )


def measured(
    session: Session, study: Study, metric: str | None = None, epoch: Epoch = None
) -> Measured:
    """What the runs of a study have of a metric; raises StudyError for one that none has.

    Where a sweep stops trials early, those that are left are a choice of good ones; unless an
    epoch is given, all are compared at the first one at which any could be stopped.
    """
    document = StudyDocument.model_validate(study.document)
    found = _made(session, study.id)
    name = metric or document.metric.name
    _check_metric(name, found)
    at = _epoch(document, found, name) if epoch is None else None if epoch == "last" else epoch
    if at is None:
        values = {
            run.id: run.summary[name]
            for run in found
            if run.status == RunStatus.SUCCEEDED and name in run.summary
        }
    else:
        curves = sweeps.curves(session, study.id, name)
        values = {run_id: curve[at] for run_id, curve in curves.items() if at in curve}
    drawn = {run.id: _drawn(study, run) for run in found}
    return Measured(
        study_id=study.id,
        metric=name,
        epoch=at,
        dimensions=document.dimensions() if document.searches else _factors(study, found),
        points=[(drawn[run.id], values[run.id]) for run in found if run.id in values],
    )


def importance_read(given: Measured) -> StudyImportance:
    """The importance of a study's parameters as the API says it."""
    found = given.importance()
    return StudyImportance(
        study_id=given.study_id,
        metric=given.metric,
        epoch=given.epoch,
        runs=found.runs,
        shares=[ParameterShare(name=name, share=share) for name, share in found.shares.items()],
        left_out=[
            ParameterLeftOut(name=name, reason=reason) for name, reason in found.left_out.items()
        ],
        notice=found.notice,
    )


@dataclass(frozen=True, slots=True)
class Findings:
    """What a sweep found, in sentences for its report."""

    sentences: list[str]
    notes: list[str]


def findings(session: Session, study: Study, metric: str) -> Findings:
    """What a sweep found so far, and what mattered for a metric."""
    best, given = best_runs(session, study), measured(session, study, metric)
    told = given.importance().sentence(given.metric, given.epoch)
    return Findings(
        sentences=[*best.sentences(), told],
        notes=[
            "Every setting was tried once, so the best of many looks better than it is: confirm "
            "it with an ablation over seeds.",
            f"{best.finished} trials were trained to the end, {best.pruned} were stopped early, "
            f"{best.failed} failed.",
        ],
    )


def _made(session: Session, study_id: str) -> list[Run]:
    return [run for run in runs_of_study(session, study_id) if run.source == RunSource.WORKER]


def _drawn(study: Study, run: Run) -> Mapping[str, Any]:
    if run.drawn is not None:
        return run.drawn
    return {name: run.spec.get(name) for name in study.factors}


def _candidate(study: Study, run: Run) -> Candidate:
    drawn = _drawn(study, run)
    return Candidate(
        run_id=run.id,
        name=run.name,
        status=run.status,
        levels={name: run.spec.get(name) for name in study.factors if name in drawn},
        summary=run.summary,
        pruned=run.status == RunStatus.CANCELLED and run.reason == sweeps.PRUNED,
    )


def _factors(study: Study, found: Sequence[Run]) -> list[Dimension]:
    """The factors of a grid or an ablation, with the levels that its runs have."""
    return [
        Dimension(name, Choice(list({json.dumps(level): level for level in levels}.values())))
        for name in study.factors
        if (levels := [run.spec.get(name) for run in found])
    ]


def _epoch(document: StudyDocument, found: Sequence[Run], metric: str) -> int | None:
    early = document.early_terminate
    if early is None or metric in AT_THE_END or not found:
        return None
    return early.first_epoch(min(int(run.spec["epochs"]) for run in found))


def _check_metric(metric: str, found: Sequence[Run]) -> None:
    known = {name for run in found for name in run.summary}
    if known and metric not in known:
        problem = FieldProblem(
            path="metric",
            message=f"no run of this study has a metric {metric!r}",
            hint=metric_hint(metric, known),
        )
        raise StudyError.of([problem])
