"""What the API says of a study: where it stands, and its table."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.api.schemas import StudyCell, StudyRead, StudyTable
from server.storage.models import FoldedModel, Run, Study
from server.storage.states import RunStatus
from server.storage.studies import runs_of_study, study_counts, study_status
from server.studies.expand import expand
from server.studies.progress import RunStand, eta_seconds, finished_at, share_done
from server.studies.spec import StudyDocument
from server.studies.table import Cell, RunResult, complete, tabulate


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
            "status": study_status(counts),
            "counts": {status: counts.get(status, 0) for status in RunStatus},
            "total": sum(counts.values()),
            "progress": share_done(stands),
            "eta_seconds": eta_seconds(stands),
            "created_at": study.created_at,
            "finished_at": finished_at(stands),
        }
    )


def _stands(session: Session, study_ids: Sequence[str]) -> dict[str, list[RunStand]]:
    query = select(Run.study_id, Run.status, Run.progress, Run.started_at, Run.finished_at).where(
        Run.study_id.in_(study_ids), Run.deleted_at.is_(None)
    )
    stands: dict[str, list[RunStand]] = {study_id: [] for study_id in study_ids}
    for row in session.execute(query):
        stands[str(row.study_id)].append(
            RunStand(row.status, row.progress, row.started_at, row.finished_at)
        )
    return stands


def study_table(session: Session, study: Study, metric: str | None) -> StudyTable:
    """The comparison table; cells that failed or have no run are in it."""
    document = StudyDocument.model_validate(study.document)
    plan = expand(document, run_limit=sys.maxsize)
    results = _results(session, study.id)
    name = metric or study.metric
    return StudyTable.model_validate(
        {
            "study_id": study.id,
            "metric": name,
            "goal": study.goal,
            "factors": study.factors,
            "cells": [_cell(cell, name) for cell in tabulate(plan.cells, study.factors, results)],
            "complete": complete(results),
        }
    )


def _results(session: Session, study_id: str) -> list[RunResult]:
    query = (
        select(FoldedModel.run_id, FoldedModel.verdict)
        .join(Run, Run.id == FoldedModel.run_id)
        .where(Run.study_id == study_id, FoldedModel.deleted_at.is_(None))
    )
    verdicts = {run_id: verdict for run_id, verdict in session.execute(query)}  # noqa: C416
    return [
        RunResult(run.id, run.status, run.spec, run.summary, verdicts.get(run.id))
        for run in runs_of_study(session, study_id)
    ]


def _cell(cell: Cell, metric: str) -> StudyCell:
    values = cell.values(metric)
    return StudyCell(
        levels=cell.levels,
        n=len(values),
        runs=len(cell.results),
        failed=cell.failed,
        mean=cell.mean(metric),
        std=cell.std(metric),
        values=values,
        run_ids=cell.run_ids,
        verdicts=cell.verdicts,
    )
