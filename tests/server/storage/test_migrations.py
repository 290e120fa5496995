"""Migrations: from nothing to the models, from many processes at once, by the command."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, func, select, text
from sqlalchemy.orm import Session

from server.errors import StorageUnavailableError
from server.storage.database import (
    Database,
    known_revisions,
    migrate,
    revision_of,
    schema_is_current,
)
from server.storage.migrations.__main__ import main
from server.storage.models import Base
from tests.support import schemas
from tests.support.runs import make_run

REVISIONS = known_revisions()
COMMAND = [sys.executable, "-W", "error", "-m", "server.storage.migrations"]


def filled(url: str, revision: str) -> Database:
    """A database at a schema, with the rows that were frozen from it."""
    migrate(url, revision)
    database = Database(url)
    with database.write() as session:
        schemas.insert(session.connection(), schemas.frozen(revision))
    return database


def assert_has(database: Database, rows: schemas.Rows) -> None:
    """The models load every row, and each value is as it was."""
    models = {mapper.local_table.name: mapper for mapper in Base.registry.mappers}
    with database.read() as session:
        for table, found in rows.items():
            mapper = models[table]
            for row in found:
                key = tuple(row[column.name] for column in mapper.primary_key)
                loaded = session.get(mapper.class_, key)
                assert loaded is not None, (table, key)
                for name, value in row.items():
                    assert getattr(loaded, name) == schemas.plain(value), (table, key, name)


def differences(database: Database) -> list[Any]:
    """What a schema has otherwise than the models."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))


def counts(session: Session) -> dict[str, int]:
    tables = Base.metadata.tables.items()
    return {
        name: session.scalars(select(func.count()).select_from(table)).one()
        for name, table in tables
    }


def test_all_migrations_together_make_the_models(empty_database_url: str) -> None:
    migrate(empty_database_url)
    database = Database(empty_database_url)
    assert differences(database) == []
    assert schema_is_current(database)
    database.close()


def test_an_empty_database_is_not_current(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    assert not schema_is_current(database)
    database.close()


def test_a_newer_schema_is_not_current(empty_database_url: str) -> None:
    migrate(empty_database_url)
    database = Database(empty_database_url)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not schema_is_current(database)
    database.close()


def test_migrating_again_keeps_what_is_there(db: Database, database_url: str) -> None:
    run_id = make_run(db)
    migrate(database_url)
    with db.read() as session:
        assert session.execute(text("SELECT id FROM run")).scalar_one() == run_id


@pytest.mark.parametrize("revision", REVISIONS)
class TestEverySchema:
    """Each schema with the rows that were frozen from it."""

    def test_rows_of_every_table_and_column_are_frozen(
        self, revision: str, empty_database_url: str
    ) -> None:
        migrate(empty_database_url, revision)
        rows = schemas.frozen(revision)
        found = MetaData()
        database = Database(empty_database_url)
        found.reflect(database.engine)
        assert set(rows) == set(found.tables) - {"alembic_version"}
        for table in found.tables.values():
            for column in table.columns if table.name in rows else ():
                values = [row[column.name] for row in rows[table.name]]
                where = f"{table.name}.{column.name} in schemas/{revision}.json"
                assert any(value is not None for value in values), f"no value of {where}"
                assert not column.nullable or None in values, f"no null of {where}"
        database.close()

    def test_is_brought_up_to_date_with_every_value(
        self, revision: str, empty_database_url: str
    ) -> None:
        rows = schemas.frozen(revision)
        database = filled(empty_database_url, revision)
        assert schema_is_current(database) is (revision == REVISIONS[-1])

        migrate(empty_database_url)

        assert schema_is_current(database)
        assert differences(database) == []
        assert_has(database, rows)
        with database.read() as session:
            assert counts(session) == {
                table: len(rows.get(table, ())) for table in Base.metadata.tables
            }
        database.close()


def test_every_schema_is_frozen() -> None:
    assert sorted(path.stem for path in schemas.FOLDER.glob("*.json")) == REVISIONS


def test_a_migration_that_fails_half_way_changes_nothing(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = filled(empty_database_url, "0002")
    add_column, added = op.add_column, []

    def fail_at_the_third(*arguments: Any, **options: Any) -> None:
        if len(added) == 2:
            raise ZeroDivisionError
        added.append(arguments)
        add_column(*arguments, **options)

    monkeypatch.setattr(op, "add_column", fail_at_the_third)
    with pytest.raises(ZeroDivisionError):
        migrate(empty_database_url)
    monkeypatch.undo()

    found = MetaData()
    with database.engine.connect() as connection:
        assert revision_of(connection) == "0002"
        found.reflect(connection)
    assert set(found.tables["run"].columns.keys()) == set(schemas.frozen("0002")["run"][0])
    migrate(empty_database_url)
    assert_has(database, schemas.frozen("0002"))
    database.close()


def test_who_meets_an_older_schema_is_told_what_to_do(empty_database_url: str) -> None:
    migrate(empty_database_url, "0002")
    database = Database(empty_database_url)
    with pytest.raises(StorageUnavailableError, match=r"python -m server\.storage\.migrations"):
        make_run(database)
    database.close()


def test_two_processes_migrate_at_once(empty_database_url: str) -> None:
    env = {**os.environ, "REALSPIKE_DATABASE_URL": empty_database_url}
    started = [
        subprocess.Popen(COMMAND, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in started:
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, b"")
        assert output == b"the database schema is up to date\n"
    database = Database(empty_database_url)
    assert schema_is_current(database)
    database.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://nobody@127.0.0.1:1/nothing", "check that it runs"),
        ("mysql://host/name", "REALSPIKE_DATABASE_URL"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(
    url: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REALSPIKE_DATABASE_URL", url)
    assert main() == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert says in errors
    assert len(errors.splitlines()) == 1
