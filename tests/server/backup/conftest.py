"""Places to back up and to restore into: a database and a file store, on either backend."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.backup.archive import Manifest
from server.backup.restoring import restore_backup
from server.backup.writing import write_backup
from server.storage.artifact_files import ArtifactFiles
from server.storage.database import Database, known_revisions, migrate
from server.storage.models import Artifact, Base
from tests.support import schemas
from tests.support.services import fresh_database, shown

HEAD = known_revisions()[-1]

Rows = dict[str, list[dict[str, Any]]]


def ignore(_message: str) -> None:
    """What a backup says on its way."""


@dataclass(frozen=True, slots=True)
class Place:
    """A database and a file store."""

    database: Database
    files: ArtifactFiles
    folder: Path

    def back_up(self, name: str = "backup.tar") -> Path:
        """A backup that misses nothing."""
        target = self.folder / name
        manifest = write_backup(self.database, self.files, target, note=ignore)
        assert (manifest.left_out, manifest.dropped) == ([], [])
        return target

    def restore(self, source: Path) -> Manifest:
        """Bring a backup back here."""
        return restore_backup(self.database, self.files, source, note=ignore)

    def fill(self, revision: str = HEAD) -> None:
        """Rows of every table, and every file that they name."""
        migrate(self.database.engine.url.render_as_string(hide_password=False), revision)
        rows = schemas.frozen(revision)
        for row in rows["artifact"]:
            content = f"the file of {row['id']}".encode()
            self.store(row["location"], content)
            row["size"], row["sha256"] = len(content), hashlib.sha256(content).hexdigest()
        with self.database.write() as session:
            schemas.insert(session.connection(), rows)

    def store(self, location: str, content: bytes) -> None:
        """Put a file into the store."""
        local = self.folder / "local"
        local.write_bytes(content)
        self.files.put(local, location)

    def contents(self) -> dict[str, bytes]:
        """Every file that lies in the store."""
        found: dict[str, bytes] = {}
        for folder in self.files.folders():
            for file in self.files.find(folder):
                with self.files.open(file.location) as opened:
                    found[file.location] = opened.read()
        return found

    def rows(self) -> Rows:
        """Every row of every table, as the models have them."""
        with self.database.read() as session:
            return {
                name: [
                    dict(row)
                    for row in session.execute(
                        select(table).order_by(*table.primary_key.columns)
                    ).mappings()
                ]
                for name, table in Base.metadata.tables.items()
            }

    def locations(self) -> list[str]:
        """Where the files lie that the database names."""
        with self.database.read() as session:
            return list(session.scalars(select(Artifact.location).order_by(Artifact.id)))


MakePlace = Callable[[str], Place]


@pytest.fixture
def make_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakePlace]:
    """Makes an empty place on a backend: `make_place("postgresql")`."""
    with ExitStack() as stack:

        def make(backend: str) -> Place:
            folder = tmp_path / f"place-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            url = f"sqlite:///{folder / 'realspike.db'}"
            if backend == "postgresql":
                server = request.getfixturevalue("postgres")
                url = shown(stack.enter_context(fresh_database(server)))
            database = Database(url)
            stack.callback(database.close)
            return Place(database, ArtifactFiles(str(folder / "artifacts")), folder)

        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, make_place: MakePlace) -> Place:
    """An empty place, on each backend in turn."""
    return make_place(request.param)


@pytest.fixture
def filled(place: Place) -> Place:
    """A place with rows in every table and all files, on each backend in turn."""
    place.fill()
    return place


@pytest.fixture
def small(make_place: MakePlace) -> Place:
    """A filled place where the backend does not matter."""
    place = make_place("sqlite")
    place.fill()
    return place
