"""Writing a backup while the service goes on: one moment of the database, and its stored files."""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, cast

from sqlalchemy import Connection, Table, select, text

from server.backup import tables
from server.backup.archive import (
    DAMAGED,
    SUFFIXES,
    ArchiveWriter,
    LeftOut,
    Manifest,
    Member,
    compressed_as_named,
)
from server.backup.errors import BackupError
from server.errors import NotFoundError
from server.storage.artifact_files import ArtifactFiles
from server.storage.database import Database, revision_of
from server.storage.models import Artifact
from server.storage.states import ArtifactKind

NOT_KEPT = "event"
"""Events say what changed in the last days; readers begin anew with the state."""

Row = dict[str, Any]


def write_backup(
    database: Database, files: ArtifactFiles, target: Path, *, note: Callable[[str], None]
) -> Manifest:
    """Write database and stored files into one file, which appears only when it is whole.

    Raises:
        BackupError: the file cannot be written there, or there is nothing to back up.
        StorageUnavailableError: the database or the file store does not answer.
    """
    _check(target)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as sink:
            with compressed_as_named(target, sink) as packed:
                manifest = _Backup(database, files, ArchiveWriter(packed), target.parent).write(
                    note
                )
            sink.flush()
            os.fsync(sink.fileno())
        beside.rename(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise BackupError(f"cannot write {target}: {_way_out(error)}") from error
    finally:
        beside.unlink(missing_ok=True)
    return manifest


def _check(target: Path) -> None:
    if not target.name.endswith(SUFFIXES):
        raise BackupError(f"a backup's name ends in {', '.join(SUFFIXES)}; {target.name} does not")
    if target.exists():
        raise BackupError(f"{target} exists; a backup never replaces one, so choose another name")
    if not target.parent.is_dir():
        raise BackupError(f"there is no folder {target.parent}; make it first")


def _way_out(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space, or write it elsewhere"
    return f"{error.strerror or error}"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Backup:
    """One backup being written; large tables wait in temporary files beside it."""

    def __init__(
        self, database: Database, files: ArtifactFiles, archive: ArchiveWriter, folder: Path
    ) -> None:
        self._database = database
        self._files = files
        self._archive = archive
        self._folder = folder
        self._rows: dict[str, int] = {}
        self._left_out: list[LeftOut] = []
        self._dropped: list[LeftOut] = []

    def write(self, note: Callable[[str], None]) -> Manifest:
        """Write everything; see `write_backup`."""
        with self._spool() as artifacts:
            with _snapshot(self._database) as connection:
                manifest = _new_manifest(connection)
                note(f"reading the database (schema {manifest.schema})")
                known = {table.name: table for table in tables.reflect(connection)}
                tables.dump(connection, known.pop(Artifact.__tablename__), artifacts)
                # Open runs drop their older checkpoints soon, so these go first.
                self._add_files(artifacts, checkpoints=True)
                known.pop(NOT_KEPT, None)
                for table in known.values():
                    self._add_table(connection, table)
            note("copying the stored files")
            self._add_files(artifacts, checkpoints=False)
            self._add_artifacts(artifacts)
        manifest.tables = self._rows
        manifest.left_out, manifest.dropped = self._left_out, self._dropped
        self._archive.seal(manifest)
        return manifest

    @contextmanager
    def _spool(self) -> Iterator[BinaryIO]:
        with TemporaryFile(dir=self._folder) as spool:
            yield cast(BinaryIO, spool)

    def _add_table(self, connection: Connection, table: Table) -> None:
        with self._spool() as spool:
            self._rows[table.name] = tables.dump(connection, table, spool)
            self._add_spooled(table.name, spool)

    def _add_spooled(self, name: str, spool: BinaryIO) -> None:
        size = spool.tell()
        spool.seek(0)
        self._archive.add(f"tables/{name}.jsonl", spool, size)

    def _add_files(self, artifacts: BinaryIO, *, checkpoints: bool) -> None:
        artifacts.seek(0)
        for row in tables.rows_of(artifacts):
            if (row["kind"] == ArtifactKind.CHECKPOINT) is checkpoints:
                self._add_file(row)
        artifacts.seek(0, os.SEEK_END)

    def _add_file(self, row: Row) -> None:
        problem = self._copy(row["location"], Member(row["size"], row["sha256"]))
        if problem is None:
            return
        missed = LeftOut(row["id"], row["run_id"], row["location"], problem)
        # A row goes before its file does, so a file whose row is gone was deleted in order.
        gone = not self._is_recorded(row["id"])
        (self._dropped if gone else self._left_out).append(missed)

    def _copy(self, location: str, recorded: Member) -> str | None:
        known = self._archive.tried(location)
        if known is not None:  # two rows may name one file
            return None if known == recorded else DAMAGED
        try:
            with self._files.open(location) as source:
                return self._archive.add_stored(location, source, recorded)
        except NotFoundError:
            return "is missing"

    def _is_recorded(self, artifact_id: str) -> bool:
        with self._database.read() as session:
            return session.scalar(select(Artifact.id).where(Artifact.id == artifact_id)) is not None

    def _add_artifacts(self, artifacts: BinaryIO) -> None:
        """Write the rows of the stored files, without those that were deleted meanwhile."""
        dropped = {item.artifact_id for item in self._dropped}
        artifacts.seek(0)
        with self._spool() as spool:
            self._rows[Artifact.__tablename__] = _copy_rows(artifacts, spool, dropped)
            self._add_spooled(Artifact.__tablename__, spool)


def _copy_rows(source: IO[bytes], sink: IO[bytes], without: set[str]) -> int:
    header = source.readline()
    sink.write(header)
    place = json.loads(header).index("id")
    count = 0
    for line in source:
        if json.loads(line)[place] not in without:
            sink.write(line)
            count += 1
    return count


@contextmanager
def _snapshot(database: Database) -> Iterator[Connection]:
    """One moment of the database, for as long as it takes."""
    with database.read() as session:
        connection = session.connection()
        if database.dialect == "postgresql":
            # Large checkpoints are copied in between, and nothing is locked meanwhile.
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield connection


def _new_manifest(connection: Connection) -> Manifest:
    schema = revision_of(connection)
    if schema is None:
        raise BackupError("the database has no tables, so there is nothing to back up")
    return Manifest(
        product=version("realspike"),
        schema=schema,
        database=connection.dialect.name,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        last_event_id=tables.highest_event_id(connection),
        tables={},
    )
