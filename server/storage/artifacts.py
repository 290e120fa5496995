"""Artifacts: which stored files a run has."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.errors import NotFoundError
from server.storage.artifact_files import ArtifactFiles, StoredFile
from server.storage.clock import now
from server.storage.ids import new_id
from server.storage.models import Artifact, Run
from server.storage.states import ArtifactKind
from server.storage.transitions import lock_owned, tell

__all__ = [
    "ArtifactFiles",
    "StoredFile",
    "artifacts_of",
    "drop_artifact",
    "get_artifact",
    "latest_checkpoints",
    "record_artifact",
]


def record_artifact(
    session: Session,
    run_id: str,
    attempt: int,
    *,
    kind: str,
    name: str,
    media_type: str,
    stored: StoredFile,
    step: int | None = None,
) -> Artifact:
    """Note a stored file of the attempt that owns the run.

    A checkpoint shows that the run gets on, so it starts the count of lost attempts anew.
    """
    run = lock_owned(session, run_id, attempt)
    kind = ArtifactKind(kind)
    artifact = Artifact(
        id=new_id("art"),
        run_id=run_id,
        attempt=attempt,
        kind=kind,
        name=name,
        location=stored.location,
        media_type=media_type,
        size=stored.size,
        sha256=stored.sha256,
        step=step,
        created_at=now(session),
    )
    session.add(artifact)
    if kind is ArtifactKind.CHECKPOINT:
        run.lost = 0
    tell(session, run)
    return artifact


def get_artifact(session: Session, artifact_id: str) -> Artifact:
    """The artifact; raises NotFoundError, also when its run was deleted."""
    query = (
        select(Artifact)
        .join(Run, Run.id == Artifact.run_id)
        .where(Artifact.id == artifact_id, Run.deleted_at.is_(None))
    )
    artifact = session.scalars(query).one_or_none()
    if artifact is None:
        raise NotFoundError("artifact", artifact_id)
    return artifact


def artifacts_of(session: Session, run_id: str) -> list[Artifact]:
    """Every artifact of a run, oldest first."""
    return list(
        session.scalars(select(Artifact).where(Artifact.run_id == run_id).order_by(Artifact.id))
    )


def latest_checkpoints(session: Session, run_id: str) -> list[Artifact]:
    """Checkpoints of a run, newest first, however wrong the clocks of its workers are."""
    query = (
        select(Artifact)
        .where(Artifact.run_id == run_id, Artifact.kind == ArtifactKind.CHECKPOINT)
        .order_by(Artifact.attempt.desc(), Artifact.step.desc(), Artifact.id.desc())
    )
    return list(session.scalars(query))


def drop_artifact(session: Session, run_id: str, attempt: int, artifact_id: str) -> str:
    """Forget an artifact of the run that the attempt owns.

    Returns its location, to be deleted after the commit.
    """
    lock_owned(session, run_id, attempt)
    artifact = session.get(Artifact, artifact_id)
    if artifact is None or artifact.run_id != run_id:
        raise NotFoundError("artifact", artifact_id)
    session.delete(artifact)
    return artifact.location
