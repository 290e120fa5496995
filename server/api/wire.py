"""Rows to wire: what the API says of a run, a model and a worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from rscore.spec import RunSpec
from server.api.schemas import (
    ArtifactRead,
    AttemptRead,
    FileHash,
    ModelRead,
    ProgressRead,
    RunRead,
    RunSummary,
)
from server.storage import folded_models, runs
from server.storage.models import Artifact, FoldedModel, Run
from server.storage.states import ArtifactKind, RunSource


def run_summary(run: Run) -> RunSummary:
    """A run as lists show it."""
    return RunSummary.model_validate(_run_fields(run))


def run_read(session: Session, run: Run) -> RunRead:
    """A run with its attempts and the model it made."""
    model = folded_models.model_of_run(session, run.id)
    return RunRead.model_validate(
        {
            **_run_fields(run),
            "notes": run.notes,
            "attempts": [
                AttemptRead.model_validate(row) for row in runs.attempts_of(session, run.id)
            ],
            "model_id": model.id if model else None,
            "queue_position": runs.queue_position(session, run),
        }
    )


def artifact_reads(rows: Sequence[Artifact]) -> list[ArtifactRead]:
    """Artifacts as lists show them."""
    return [ArtifactRead.model_validate(row) for row in rows]


def model_reads(session: Session, models: Sequence[FoldedModel]) -> list[ModelRead]:
    """Models with their runs' specs and their files, in two queries for all of them."""
    ids = [model.run_id for model in models]
    specs = {
        run_id: RunSpec.model_validate(spec)
        for run_id, spec in session.execute(select(Run.id, Run.spec).where(Run.id.in_(ids)))
    }
    files: dict[str, list[Artifact]] = {run_id: [] for run_id in ids}
    for row in session.scalars(
        select(Artifact).where(Artifact.run_id.in_(ids)).order_by(Artifact.id)
    ):
        files[row.run_id].append(row)
    return [_model_read(model, specs[model.run_id], files[model.run_id]) for model in models]


def _model_read(model: FoldedModel, spec: RunSpec, rows: Sequence[Artifact]) -> ModelRead:
    return ModelRead.model_validate(
        {
            "id": model.id,
            "run_id": model.run_id,
            "name": model.name,
            "verdict": model.verdict,
            "test_acc": model.test_acc,
            "spec": spec,
            "input_shape": spec.input_shape,
            "classes": list(spec.data.classes),
            "files": [
                FileHash(
                    artifact_id=row.id,
                    kind=ArtifactKind(row.kind),
                    name=row.name,
                    size=row.size,
                    sha256=row.sha256,
                )
                for row in newest_files(rows).values()
            ],
            "created_at": model.created_at,
        }
    )


def newest_files(rows: Sequence[Artifact]) -> dict[ArtifactKind, Artifact]:
    """The newest file of each kind that a fold makes; `rows` are oldest first."""
    others = (ArtifactKind.CHECKPOINT, ArtifactKind.FILE)
    return {ArtifactKind(row.kind): row for row in rows if row.kind not in others}


def _run_fields(run: Run) -> dict[str, Any]:
    return {
        name: getattr(run, name)
        for name in RunSummary.model_fields
        if name not in ("spec", "progress")
    } | {
        "spec": run.spec if run.source == RunSource.SCRIPT else RunSpec.model_validate(run.spec),
        "progress": None if run.progress is None else ProgressRead.model_validate(run.progress),
    }
