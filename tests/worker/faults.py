"""Stores that fail when a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from server.errors import StorageUnavailableError
from server.storage.artifacts import ArtifactFiles, StoredFile
from server.storage.database import Database


class FailingDatabase(Database):
    """A database that is away while `away` is true."""

    away = False
    refusals = 0
    """How many transactions it refused."""

    @contextmanager
    def write(self) -> Iterator[Session]:
        if self.away:
            self.refusals += 1
            raise StorageUnavailableError("the database is away")
        with super().write() as session:
            yield session


class FailingFiles(ArtifactFiles):
    """A file store whose next writes raise the given errors."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.errors: list[OSError] = []

    def put(self, local: Path, key: str, *, allow: Callable[[], None] | None = None) -> StoredFile:
        if self.errors:
            error = self.errors.pop(0)
            raise StorageUnavailableError(f"cannot store {key}: {error}") from error
        return super().put(local, key, allow=allow)
