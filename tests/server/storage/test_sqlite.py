"""SQLite as several processes share it: nobody is locked out, nothing said to be stored is lost."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from server.storage import engines, metrics, runs
from server.storage.database import Database, schema_change
from server.storage.models import Run
from tests.support.runs import claim_run, get, make_run

PROCESSES = 3
EACH = 30


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    yield database
    database.close()


def add_again_and_again(url: str, run_id: str) -> int:
    """How often one process read a number and wrote the next one, in transactions of their own."""
    database = Database(url)
    for _ in range(EACH):
        with database.write() as session:
            run = session.scalars(select(Run).where(Run.id == run_id)).one()
            run.priority += 1
    database.close()
    return EACH


def test_processes_that_read_and_write_wait_for_each_other_behind_a_long_reader(
    database: Database, sqlite_url: str
) -> None:
    run_id = make_run(database)
    spawned = multiprocessing.get_context("spawn").Pool(PROCESSES)
    with database.read() as reader, spawned as pool:
        assert runs.get_run(reader, run_id).priority == 0
        tasks = [
            pool.apply_async(add_again_and_again, (sqlite_url, run_id)) for _ in range(PROCESSES)
        ]
        assert sum(task.get(timeout=120) for task in tasks) == PROCESSES * EACH
        pool.close()
        pool.join()
        reader.expire_all()
        assert runs.get_run(reader, run_id).priority == 0
    assert get(database, run_id).priority == PROCESSES * EACH


def test_the_log_that_a_long_reader_kept_shrinks_after_it(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 200_000
    monkeypatch.setattr(engines, "WAL_BYTES", limit)
    database = Database(sqlite_url)
    log = Path(f"{database.engine.url.database}-wal")
    run_id = make_run(database)
    attempt = claim_run(database, run_id)

    def write(number: int) -> None:
        points = [("loss", number * 1000 + step, 1, 0.5) for step in range(1000)]
        with database.write() as session:
            metrics.write_metrics(session, run_id, points, attempt=attempt)

    with database.read() as reader:
        assert runs.get_run(reader, run_id)
        for number in range(60):
            write(number)
        grown = log.stat().st_size
    for number in range(60, 63):
        write(number)
    assert grown > 10 * limit
    assert log.stat().st_size < grown / 5
    database.close()


def test_a_commit_waits_for_the_disk(database: Database) -> None:
    with database.write() as session:
        settings = [
            session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        ]
    assert settings == ["wal", 2, engines.BUSY_SECONDS * 1000]


def test_a_change_of_the_schema_ignores_references_and_nobody_after_it_does(
    database: Database,
) -> None:
    asked = text("PRAGMA foreign_keys")
    with schema_change(database) as connection:
        assert connection.scalar(asked) == 0
    with database.write() as session:
        assert session.scalar(asked) == 1
