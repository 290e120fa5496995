"""Checkpoints of one run in the artifact store: the last two while it is open, none after."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from rscore.errors import CheckpointError
from server.errors import NotFoundError, StorageError, StorageUnavailableError
from server.storage import artifacts
from server.storage.artifacts import ArtifactFiles, StoredFile
from server.storage.database import Database
from server.storage.models import Artifact
from server.storage.states import ArtifactKind
from server.storage.sweep import attempt_folder
from worker.lease import Lease
from worker.patience import after, patiently

logger = logging.getLogger(__name__)

KEPT = 2
STORE_SECONDS = 10.0
"""How long a new checkpoint waits for a store that does not answer or has no room."""
FETCH_SECONDS = 300.0
"""How long an attempt waits for the checkpoint that it goes on from."""
MEDIA_TYPE = "application/octet-stream"
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Resume:
    """A checkpoint to go on from; no path is the start."""

    path: Path | None = None
    step: int = 0


class Checkpoints:
    """Checkpoints of one run, as one attempt sees them; only while it owns the run they change."""

    def __init__(self, database: Database, files: ArtifactFiles, lease: Lease) -> None:
        self._database = database
        self._files = files
        self._lease = lease
        self._run_id = lease.run_id

    def store(self, path: Path, *, step: int) -> None:
        """Upload a checkpoint, record it under the lease, and drop those before the last two.

        Raises:
            StaleAttemptError: the run is not ours any more; nothing was recorded.
            StorageUnavailableError: the store did not answer, or had no room, for a while.
        """
        enough = after(STORE_SECONDS)

        def give_up() -> bool:
            return enough() or self._lease.lost

        folder = attempt_folder(self._run_id, self._lease.attempt)
        key = f"{folder}/checkpoint-{step}{path.suffix}"
        stored = patiently(
            lambda: self._files.put(path, key, allow=self._lease.require), give_up=give_up
        )
        self.delete_files(patiently(partial(self._record, stored, step), give_up=give_up))

    def _record(self, stored: StoredFile, step: int) -> list[str]:
        """Note a stored checkpoint; returns the locations of those that it replaces."""
        with self._database.write() as session:
            known = artifacts.latest_checkpoints(session, self._run_id)
            same = [artifact for artifact in known if artifact.location == stored.location]
            # It is known already when an earlier commit went through unnoticed.
            if all(artifact.sha256 != stored.sha256 for artifact in same):
                self._drop(session, same)
                artifacts.record_artifact(
                    session,
                    self._run_id,
                    self._lease.attempt,
                    kind=ArtifactKind.CHECKPOINT,
                    name=Path(stored.location).name,
                    media_type=MEDIA_TYPE,
                    stored=stored,
                    step=step,
                )
            newest = artifacts.latest_checkpoints(session, self._run_id)
            return self._drop(session, newest[KEPT:])

    def fetch(self, folder: Path, *, log: Callable[[str], None]) -> Resume:
        """The newest checkpoint that is whole, copied into `folder`; damaged ones are dropped.

        Raises:
            CheckpointError: there were checkpoints, and every one is damaged.
            StorageUnavailableError: the store did not answer for a while.
        """
        known = patiently(self._known, give_up=lambda: self._lease.lost)
        for artifact in known:
            path = folder / f"resume-{artifact.step}{Path(artifact.name).suffix}"
            damage = patiently(
                partial(self._copy, artifact, path),
                give_up=after(FETCH_SECONDS),
                tell=lambda why: log(f"waiting for the checkpoint: {why}"),
            )
            if damage is None:
                return Resume(path, artifact.step or 0)
            log(f"the checkpoint of step {artifact.step} {damage}; trying the one before it")
            self.drop([artifact])
        if known:
            raise CheckpointError(
                f"none of the run's {len(known)} checkpoints is whole; they were removed, "
                "so a retry starts from the beginning"
            )
        return Resume()

    def drop(self, some: list[Artifact] | None = None) -> None:
        """Forget checkpoints, all of the run's by default, and delete their files."""

        def forget() -> list[str]:
            with self._database.write() as session:
                newest = artifacts.latest_checkpoints(session, self._run_id)
                return self._drop(session, newest if some is None else some)

        self.delete_files(patiently(forget, give_up=lambda: self._lease.lost))

    def drop_in(self, session: Session) -> list[str]:
        """Forget all checkpoints in a transaction; their files are deleted after its commit."""
        return self._drop(session, artifacts.latest_checkpoints(session, self._run_id))

    def delete_files(self, locations: list[str]) -> None:
        """Delete files that nothing refers to; one that stays behind only takes room."""
        for location in locations:
            try:
                self._files.delete(location)
            except (OSError, StorageError) as error:
                logger.warning("could not delete %s: %s", location, error)

    def _known(self) -> list[Artifact]:
        with self._database.read() as session:
            return artifacts.latest_checkpoints(session, self._run_id)

    def _copy(self, artifact: Artifact, path: Path) -> str | None:
        digest = hashlib.sha256()
        try:
            with self._files.open(artifact.location) as source, path.open("wb") as copy:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    copy.write(chunk)
        except NotFoundError:
            return "is gone"
        except OSError as error:
            raise StorageUnavailableError(
                f"cannot copy {artifact.location} to {path}: {error}"
            ) from error
        return None if digest.hexdigest() == artifact.sha256 else "is damaged (its hash is wrong)"

    def _drop(self, session: Session, some: list[Artifact]) -> list[str]:
        return [
            artifacts.drop_artifact(session, self._run_id, self._lease.attempt, artifact.id)
            for artifact in some
        ]
