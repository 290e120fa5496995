"""What the API says of a study: where it stands, and its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.api.schemas import (
    CellComparison,
    ConfidenceInterval,
    StudyCell,
    StudyRead,
    StudyTable,
)
from server.api.sweep_views import findings
from server.storage.models import FoldedModel, Run, Study
from server.storage.states import RunSource, RunStatus
from server.storage.studies import runs_of_study, study_counts, study_status
from server.storage.sweeps import PRUNED
from server.studies.comparison import Comparison
from server.studies.layout import lay_out
from server.studies.progress import RunStand, eta_seconds, finished_at, share_done
from server.studies.report import Report
from server.studies.significance import Interval, bca_interval, t_interval
from server.studies.table import Cell, RunResult, complete


def study_reads(session: Session, studies: Sequence[Study]) -> list[StudyRead]:
    """Studies and where they stand, in two queries for all of them."""
    ids = [study.id for study in studies]
    counts = study_counts(session, ids)
    stands = _stands(session, ids)
    return [_read(study, counts[study.id], stands[study.id]) for study in studies]


def _read(study: Study, counts: dict[RunStatus, int], stands: Sequence[RunStand]) -> StudyRead:
    return StudyRead.model_validate(
        {
            "id": study.id,
            "name": study.name,
            "experiment": study.experiment,
            "document": study.document,
            "factors": study.factors,
            "metric": study.metric,
            "goal": study.goal,
            "trials_left": study.trials_left,
            "parallel": study.parallel,
            "notice": study.notice,
            "status": study_status(counts, study),
            "counts": {status: counts.get(status, 0) for status in RunStatus},
            "total": sum(counts.values()),
            "progress": share_done(stands),
            "eta_seconds": eta_seconds(stands),
            "notes": study.notes,
            "created_at": study.created_at,
            "archived_at": study.archived_at,
            "finished_at": finished_at(stands),
        }
    )


def _stands(session: Session, study_ids: Sequence[str]) -> dict[str, list[RunStand]]:
    query = select(Run.study_id, Run.status, Run.progress, Run.started_at, Run.finished_at).where(
        Run.study_id.in_(study_ids), Run.deleted_at.is_(None), Run.source == RunSource.WORKER
    )
    stands: dict[str, list[RunStand]] = {study_id: [] for study_id in study_ids}
    for row in session.execute(query):
        stands[str(row.study_id)].append(
            RunStand(row.status, row.progress, row.started_at, row.finished_at)
        )
    return stands


def study_table(session: Session, study: Study, metric: str | None) -> StudyTable:
    """The comparison table; cells that failed or have no run are in it."""
    results = _results(session, study.id)
    layout = lay_out(study.document, results, metric)
    return StudyTable.model_validate(
        {
            "study_id": study.id,
            "metric": layout.metric,
            "goal": layout.goal,
            "factors": layout.factors,
            "cells": [
                _cell(cell, layout.metric, comparison, baseline=cell is layout.baseline)
                for cell, comparison in zip(layout.cells, layout.comparisons, strict=True)
            ],
            "references": [item.model_dump() for item in layout.document.references],
            "complete": complete(results),
        }
    )


def study_report(session: Session, study: Study, metric: str | None, run_url: str) -> Report:
    """The report of a study; `run_url` is the address before a run's id."""
    layout = lay_out(study.document, _results(session, study.id), metric)
    report = layout.report(study_id=study.id, run_url=run_url)
    if not layout.document.searches:
        return report
    found = findings(session, study, layout.metric)
    return replace(report, verdicts=found.sentences, notes=found.notes)


def _results(session: Session, study_id: str) -> list[RunResult]:
    query = (
        select(FoldedModel.run_id, FoldedModel.verdict)
        .join(Run, Run.id == FoldedModel.run_id)
        .where(Run.study_id == study_id, FoldedModel.deleted_at.is_(None))
    )
    verdicts = {run_id: verdict for run_id, verdict in session.execute(query)}  # noqa: C416
    return [
        RunResult(
            run.id,
            run.status,
            run.spec,
            run.summary,
            verdicts.get(run.id),
            run.name if run.source == RunSource.SCRIPT else None,
            pruned=run.status == RunStatus.CANCELLED and run.reason == PRUNED,
        )
        for run in runs_of_study(session, study_id)
    ]


def _cell(cell: Cell, metric: str, comparison: Comparison | None, *, baseline: bool) -> StudyCell:
    values = cell.values(metric)
    return StudyCell(
        levels=cell.levels,
        script=cell.script,
        n=len(values),
        runs=len(cell.results),
        failed=cell.failed,
        pruned=cell.pruned,
        mean=cell.mean(metric),
        std=cell.std(metric),
        interval=interval_read(t_interval(values)),
        bootstrap=interval_read(bca_interval(values)),
        baseline=baseline,
        comparison=None if comparison is None else comparison_read(comparison),
        values=values,
        run_ids=cell.run_ids,
        verdicts=cell.verdicts,
    )


def comparison_read(comparison: Comparison) -> CellComparison:
    """A comparison as tables show it."""
    pair, verdict = comparison.paired, comparison.verdict
    return CellComparison(
        n=0 if pair is None else pair.n,
        mean=None if pair is None else pair.mean,
        std=None if pair is None else pair.std,
        interval=None if pair is None else interval_read(pair.interval),
        effect_size=None if pair is None else pair.effect_size,
        p=comparison.p,
        p_uncorrected=None if pair is None else pair.p_t,
        p_wilcoxon=None if pair is None else pair.p_wilcoxon,
        p_permutation=None if pair is None else pair.p_permutation,
        seeds_needed=None if pair is None else pair.seeds_needed,
        finding=verdict.finding,
        sentence=verdict.sentence,
    )


def interval_read(interval: Interval | None) -> ConfidenceInterval | None:
    """An interval, where there is one."""
    return None if interval is None else ConfidenceInterval(low=interval.low, high=interval.high)
