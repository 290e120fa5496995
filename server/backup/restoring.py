"""Restoring a backup into an empty database and an empty file store: all of it, or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, MetaData, literal, select, text, update
from sqlalchemy.orm import Session

from server.backup import tables
from server.backup.archive import Manifest, members_of, read_manifest
from server.backup.errors import BackupError, DamagedBackupError, NotEmptyError
from server.errors import StorageError
from server.storage.artifact_files import ArtifactFiles
from server.storage.clock import now
from server.storage.database import Database, known_revisions, schema_change, upgrade
from server.storage.models import Base, Run, Worker
from server.storage.states import AttemptOutcome, RunSource, RunStatus
from server.storage.transitions import end_attempt, move, move_to_cancelled

EVENT_GAP = 10**9
"""Event ids go on so far above the backup's that none is given out twice: the service went on
after the backup, and clients remember the ids they saw."""

RESTORED = "restored"
WAITING = "was training when the backup was made; it goes on from the checkpoint in it"


def restore_backup(
    database: Database, files: ArtifactFiles, source: Path, *, note: Callable[[str], None]
) -> Manifest:
    """Bring back database and stored files, then the schema up to date.

    Runs that were training wait for a worker again; workers count as stopped.

    Raises:
        BackupError: the backup is not whole, or of a later version; nothing was changed.
        NotEmptyError: the database or the file store has something in it.
    """
    note("checking the backup")
    manifest = read_manifest(source)
    _check_place(database, files, manifest)
    stored: list[str] = []
    try:
        note(f"storing {len(manifest.files)} files")
        _restore_files(files, source, manifest, stored)
        note("filling the database")
        # Once the commit begins, rows may name the files, whatever is heard of it.
        _restore_database(database, source, manifest, about_to_commit=stored.clear)
    except BaseException:
        _take_back(files, stored)
        raise
    return manifest


def _check_place(database: Database, files: ArtifactFiles, manifest: Manifest) -> None:
    if manifest.schema not in known_revisions():
        raise BackupError(
            f"the backup has schema {manifest.schema}, which this realspike does not know; "
            f"restore it with realspike {manifest.product} or later"
        )
    with database.read() as session:
        _check_empty(session.connection())
    files.check()
    if any(files.find(folder) for folder in files.folders()):
        raise NotEmptyError(
            f"the file store is not empty: there are files in {files.url}; restore into a new "
            "one: set REALSPIKE_HOME (or REALSPIKE_ARTIFACTS_URL) to one that is"
        )


def _check_empty(connection: Connection) -> None:
    for table in tables.reflect(connection):
        if connection.scalar(select(literal(1)).select_from(table).limit(1)):
            raise NotEmptyError(
                f"the database is not empty: its table {table.name} has rows; restore into a new "
                "one: set REALSPIKE_HOME (or REALSPIKE_DATABASE_URL) to one that is"
            )


def _restore_files(
    files: ArtifactFiles, source: Path, manifest: Manifest, stored: list[str]
) -> None:
    wanted = manifest.files
    with TemporaryDirectory(prefix="realspike-restore-") as folder, members_of(source) as members:
        local = Path(folder) / "file"
        for name, _, content in members:
            location = name.removeprefix("files/")
            if location == name or location not in wanted:
                continue
            with local.open("wb") as copy:
                shutil.copyfileobj(content, copy, 1 << 20)
            stored.append(location)
            files.put(local, location)


def _take_back(files: ArtifactFiles, stored: list[str]) -> None:
    """Delete what was stored; where even that fails, the first error says more."""
    for location in stored:
        try:
            files.delete(location)
        except (OSError, StorageError):
            return


def _restore_database(
    database: Database, source: Path, manifest: Manifest, *, about_to_commit: Callable[[], None]
) -> None:
    with schema_change(database) as connection:
        if database.dialect == "postgresql":
            # Large files lie between the tables of a backup.
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        _check_empty(connection)
        _drop_empty_tables(connection)
        upgrade(connection, manifest.schema)
        _fill(connection, source, manifest)
        upgrade(connection)
        tables.set_sequences(connection)
        tables.set_highest_event_id(connection, manifest.last_event_id + EVENT_GAP)
        _settle(connection)
        about_to_commit()


def _drop_empty_tables(connection: Connection) -> None:
    """Make room for tables of the backup's schema; those of other programs are not touched."""
    ours = {*Base.metadata.tables, tables.REVISIONS}
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name in ours)
    found.drop_all(connection)


def _fill(connection: Connection, source: Path, manifest: Manifest) -> None:
    known = {table.name: table for table in tables.reflect(connection)}
    with members_of(source) as members:
        for member, _, content in members:
            name = member.removeprefix("tables/").removesuffix(".jsonl")
            if name not in manifest.tables:
                continue
            count = tables.load(connection, known[name], content)
            if count != manifest.tables[name]:
                raise DamagedBackupError(
                    f"its table {name} has {count} rows instead of {manifest.tables[name]}"
                )


def _settle(connection: Connection) -> None:
    """Nobody of those who worked when the backup was made works here."""
    with Session(connection) as session:
        # A script may be at work still; if it is not, its lease runs out.
        running = (
            select(Run)
            .where(Run.status == RunStatus.RUNNING, Run.source == RunSource.WORKER)
            .order_by(Run.id)
        )
        for run in session.scalars(running).all():
            _queue_again(session, run)
        session.execute(update(Run).where(Run.woken_at.is_not(None)).values(woken_at=None))
        session.execute(
            update(Worker).where(Worker.stopped_at.is_(None)).values(stopped_at=now(session))
        )
        session.flush()


def _queue_again(session: Session, run: Run) -> None:
    end_attempt(session, run, AttemptOutcome.LOST, reason=RESTORED)
    if run.cancel_requested:
        move_to_cancelled(session, run)
    else:
        move(
            session,
            run,
            RunStatus.QUEUED,
            reason=RESTORED,
            detail=f"attempt {run.attempt} {WAITING}",
        )
