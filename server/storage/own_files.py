"""Files that people's own scripts add to a run, beside those that its attempts make."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.errors import ConflictError
from server.storage.artifact_files import StoredFile
from server.storage.clock import now
from server.storage.ids import new_id
from server.storage.models import Artifact, Run
from server.storage.runs import get_run
from server.storage.states import ArtifactKind, RunSource, RunStatus
from server.storage.transitions import lock_run, tell

FOLDER = "own"
NO_ATTEMPT = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """The file as the run has it now, and the location of a stored file that nobody needs."""

    artifact: Artifact
    unneeded: str | None


def new_key(run_id: str) -> str:
    """A place in the file store for one more file of a run."""
    return f"{run_id}/{FOLDER}/{new_id('file')}"


def same_file(session: Session, run_id: str, name: str, sha256: str) -> Artifact | None:
    """The file of that name, if it has these bytes; raises ConflictError while a worker trains."""
    check_idle(get_run(session, run_id))
    known = _newest(session, run_id, name)
    return known if known is not None and known.sha256 == sha256 else None


def record(
    session: Session, run_id: str, *, name: str, media_type: str, stored: StoredFile
) -> Recorded:
    """Note a stored file; one of the same name that has other bytes is replaced.

    Raises ConflictError while a worker trains the run: its files are its attempt's alone.
    """
    run = lock_run(session, run_id)
    check_idle(run)
    before = _newest(session, run_id, name)
    if before is not None and before.sha256 == stored.sha256:
        return Recorded(before, stored.location)
    artifact = Artifact(
        id=new_id("art"),
        run_id=run_id,
        attempt=NO_ATTEMPT,
        kind=ArtifactKind.FILE,
        name=name,
        location=stored.location,
        media_type=media_type,
        size=stored.size,
        sha256=stored.sha256,
        step=None,
        created_at=now(session),
    )
    session.add(artifact)
    if before is not None:
        session.delete(before)
    tell(session, run)
    return Recorded(artifact, before.location if before else None)


def check_idle(run: Run) -> None:
    """Raise ConflictError while a worker trains the run."""
    if run.status == RunStatus.RUNNING and run.source != RunSource.SCRIPT:
        raise ConflictError(
            f"run {run.id} is running, so only its attempt {run.attempt} may add files; "
            "wait until it has ended"
        )


def _newest(session: Session, run_id: str, name: str) -> Artifact | None:
    query = (
        select(Artifact)
        .where(
            Artifact.run_id == run_id,
            Artifact.kind == ArtifactKind.FILE,
            Artifact.name == name,
        )
        .order_by(Artifact.id.desc())
        .limit(1)
    )
    return session.scalars(query).one_or_none()
