"""The database: one transaction a session, the database's clock, and its schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from server.storage.clock import now
from server.storage.engines import WRITES, explain, make_engine
from server.storage.events import forget_collected, insert_collected

__all__ = ["Database", "migrate", "now", "schema_is_current"]

MIGRATION_LOCK = 0x7265616C_0001
"""Postgres advisory lock under which schemas change."""


class Database:
    """A database that several threads and processes use; each session is one transaction.

    A process that forks makes its own Database in the child, or calls `forget_connections`
    there first: a connection belongs to the process that opened it.
    """

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.dialect = self.engine.dialect.name
        # One snapshot for a page and its total, which a SQLite transaction has anyway.
        level = {} if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._readers = sessionmaker(self.engine.execution_options(**level), expire_on_commit=False)
        self._writers = sessionmaker(
            self.engine.execution_options(**{WRITES: True}), expire_on_commit=False
        )
        event.listen(self._writers, "before_commit", insert_collected)
        event.listen(self._writers, "after_rollback", forget_collected)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one moment and stores nothing."""
        with self._explained(), self._readers() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at the end of the block, or rolls back when it raises."""
        with self._explained(), self._writers() as session:
            yield session
            session.commit()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            explained = explain(error, self.engine.url)
            if explained is None:
                raise
            raise explained from error

    def check(self) -> None:
        """Raise StorageUnavailableError when the database does not answer."""
        with self.read() as session:
            session.execute(select(1))

    def forget_connections(self) -> None:
        """Drop connections inherited over a fork without closing the parent's ends."""
        self.engine.dispose(close=False)

    def close(self) -> None:
        """Close every connection; the next session would open new ones."""
        self.engine.dispose()


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def migrate(url: str, to: str = "head") -> None:
    """Bring the schema at `url` up to date, or up to a revision; many processes may do so at once.

    Nothing is taken back: a schema that is newer already stays.
    """
    database = Database(url)
    try:
        with schema_change(database) as connection:
            upgrade(connection, to)
    finally:
        database.close()


@contextmanager
def schema_change(database: Database) -> Iterator[Connection]:
    """The one transaction that may change a schema now: all of it happens, or nothing.

    SQLite does not look at references in it, because rebuilding a table drops the old one first.
    """
    with database._explained(), database.engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        if database.dialect == "sqlite":
            driver = connection.connection.driver_connection
            if driver is not None:
                driver.execute("PRAGMA foreign_keys = OFF").close()
            plain.detach()  # nobody else should get a connection that ignores references
        with connection.begin():
            if database.dialect == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK}
                )
            yield connection


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the schema up to a revision in a transaction of `schema_change`."""
    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def schema_is_current(database: Database) -> bool:
    """True when every migration that this code knows was applied, and no other."""
    with database._explained(), database.engine.connect() as connection:
        return revision_of(connection) == known_revisions()[-1]


def revision_of(connection: Connection) -> str | None:
    """Number of the newest migration that was applied; None before the first."""
    return MigrationContext.configure(connection).get_current_revision()


def known_revisions() -> list[str]:
    """Numbers of all migrations that this code has, oldest first."""
    scripts = ScriptDirectory.from_config(_alembic()).walk_revisions()
    return [script.revision for script in scripts][::-1]
