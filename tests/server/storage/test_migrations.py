"""Migrations: from nothing to the models, from many processes at once, by the command."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from server.storage import histograms, metrics
from server.storage.database import Database, migrate, schema_is_current
from server.storage.migrations.__main__ import main
from server.storage.models import Base
from tests.support.runs import claim_run, get, make_run

COMMAND = [sys.executable, "-W", "error", "-m", "server.storage.migrations"]


def test_all_migrations_together_make_the_models(empty_database_url: str) -> None:
    migrate(empty_database_url)
    database = Database(empty_database_url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
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


def test_a_database_of_the_first_version_is_brought_up_to_date(empty_database_url: str) -> None:
    migrate(empty_database_url, "0001")
    database = Database(empty_database_url)
    assert not schema_is_current(database)
    run_id = make_run(database, name="old")
    attempt = claim_run(database, run_id)
    with database.write() as session:
        metrics.write_metrics(session, run_id, [("loss", 1, 1, 0.5)], attempt=attempt)

    migrate(empty_database_url)

    assert schema_is_current(database)
    assert get(database, run_id).name == "old"
    with database.write() as session:
        found = histograms.Bins("amplitude/a", 1, 1, 0.0, 1.0, [1, 2])
        histograms.write_histograms(session, run_id, [found], attempt=attempt)
    with database.read() as session:
        (series,) = metrics.read_metrics(session, run_id, names=None, max_points=10)
        assert series.values == [0.5]
        assert histograms.histogram_names(session, run_id) == ["amplitude/a"]
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
