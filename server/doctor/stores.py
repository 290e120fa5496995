"""The stores of a service: database, broker, files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from server.findings import Finding, ok, problem, warning
from server.queue import RunQueue
from server.settings import Settings
from server.storage.artifact_files import ArtifactFiles
from server.storage.clock import now
from server.storage.database import Database, schema_is_current

CLOCKS_APART = 2.0
"""Seconds: leases go by the database's clock, but people compare times."""
MANY_MESSAGES = 1000


def missing_database(settings: Settings) -> Path | None:
    """Path of a SQLite database that is not there yet: looking into it would make it."""
    url = make_url(settings.resolved_database_url)
    path = Path(str(url.database))
    return path if url.get_backend_name() == "sqlite" and not path.exists() else None


def database(settings: Settings) -> Iterator[Finding]:
    """Whether the database answers, in what version, with whose schema."""
    absent = missing_database(settings)
    if absent is not None:
        yield warning("database", f"there is none yet at {absent}", "`realspike up` makes it")
        return
    with closing(Database(settings.resolved_database_url)) as db:
        with db.read() as session:
            asked = datetime.now(UTC)
            moment = now(session)
            answered = datetime.now(UTC)
            about = _about_postgres if db.dialect == "postgresql" else _about_sqlite
            yield from about(session)
        yield _clock(moment, asked, answered)
        if schema_is_current(db):
            yield ok("schema", "of this version")
        else:
            yield problem(
                "schema",
                "not the one of this version",
                "python -m server.storage.migrations; if that says it is up to date, "
                "a newer version has been here: install that one",
            )


def _about_postgres(session: Session) -> Iterator[Finding]:
    version = session.scalar(text("SHOW server_version"))
    used = session.scalar(text("SELECT count(*) FROM pg_stat_activity")) or 0
    most = int(session.scalar(text("SHOW max_connections")) or 0)
    says = f"Postgres {version}, {used} of {most} connections used"
    if used > 0.9 * most:
        yield warning("database", says, "raise max_connections of Postgres, or run fewer servers")
    else:
        yield ok("database", says)


def _about_sqlite(session: Session) -> Iterator[Finding]:
    mode = session.scalar(text("PRAGMA journal_mode"))
    version = session.scalar(text("SELECT sqlite_version()"))
    if mode == "wal":
        yield ok("database", f"SQLite {version}, journal mode wal")
    else:
        yield problem(
            "database",
            f"SQLite {version}, journal mode {mode} instead of wal: readers and writers block",
            "put the database on a local disk: network folders cannot do wal",
        )


def _clock(moment: datetime, asked: datetime, answered: datetime) -> Finding:
    apart = (moment - asked).total_seconds() - (answered - asked).total_seconds() / 2
    says = f"the database's is {abs(apart):.1f} s {'ahead of' if apart > 0 else 'behind'} this one"
    if abs(apart) < CLOCKS_APART:
        return ok("clock", says)
    return warning("clock", says, "let both machines keep time by NTP; no run is harmed meanwhile")


def broker(settings: Settings) -> Iterator[Finding]:
    """Whether the broker answers, and how many messages it holds."""
    folder = settings.broker_folder
    if folder is not None and not folder.exists():
        yield warning("broker", f"there is no queue yet at {folder}", "`realspike up` makes it")
        return
    with closing(RunQueue(settings)) as queue:
        queue.check()
        waiting = queue.waiting()
    kind = "Redis" if folder is None else f"folder {folder}"
    says = f"{kind} answers; {waiting} messages wait"
    if waiting > MANY_MESSAGES:
        yield warning("broker", says, "do workers of this queue run? Each message costs a moment")
    else:
        yield ok("broker", says)


def artifacts(settings: Settings) -> Iterator[Finding]:
    """Whether files can be stored."""
    url = settings.resolved_artifacts_url
    if "://" not in url and not Path(url).exists():
        yield warning("artifacts", f"there is no folder yet at {url}", "`realspike up` makes it")
        return
    ArtifactFiles(url).check()
    yield ok("artifacts", f"{url} can be written")
