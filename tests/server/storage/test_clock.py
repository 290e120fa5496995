"""Leases, back-offs and silences are judged by the database's clock, not by a machine's own."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from types import ModuleType
from typing import Any

import pytest

from server import storage
from server.storage import events, leases, lifecycle, workers
from server.storage.database import Database, now
from server.storage.models import Worker
from server.storage.states import RunStatus
from tests.support.runs import claim_run, expire, get, make_run, reap, report_death, run_in
from tests.support.workers import register_worker

HOUR = timedelta(hours=1)


@pytest.fixture
def db(postgres_url: str) -> Iterator[Database]:
    """A database with a clock of its own; SQLite has this machine's."""
    database = Database(postgres_url)
    yield database
    database.close()


@contextmanager
def clock_moved(by: timedelta) -> Iterator[None]:
    """This machine's clock as a storage function would read it, ahead or behind."""

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + by

    with pytest.MonkeyPatch.context() as patch:
        for module in _modules():
            if getattr(module, "datetime", None) is datetime:
                patch.setattr(module, "datetime", Moved)
        yield


def _modules() -> Iterator[ModuleType]:
    for each in pkgutil.iter_modules(storage.__path__, prefix=f"{storage.__name__}."):
        yield importlib.import_module(each.name)


def test_the_patch_moves_the_clock_of_sqlite(sqlite_url: str) -> None:
    """Else the tests below would prove nothing."""
    database = Database(sqlite_url)
    run_id = make_run(database)
    claim_run(database, run_id)
    with clock_moved(HOUR):
        assert reap(database) == [run_id]
    database.close()


@pytest.mark.parametrize("by", [HOUR, -HOUR])
class TestMovedClock:
    def test_a_lease_is_as_long_as_it_says(self, db: Database, by: timedelta) -> None:
        run_id = make_run(db)
        with clock_moved(by):
            claim_run(db, run_id, lease_seconds=60)
            with db.write() as session:
                lifecycle.renew(session, run_id, 1, lease_seconds=60)
                leases.renew_all(session, {(run_id, 1)}, lease_seconds=60)
        assert reap(db) == []
        with db.read() as session:
            ends = get(db, run_id).lease_expires_at
            assert ends is not None
            assert timedelta(seconds=30) < ends - now(session) <= timedelta(seconds=60)

    def test_a_live_lease_is_not_reaped_and_a_dead_one_is(
        self, db: Database, by: timedelta
    ) -> None:
        alive, dead = run_in(db, RunStatus.RUNNING), run_in(db, RunStatus.RUNNING)
        expire(db, dead)
        with clock_moved(by):
            assert reap(db) == [dead]
        assert get(db, alive).status == RunStatus.RUNNING

    def test_a_back_off_is_neither_cut_nor_stretched(self, db: Database, by: timedelta) -> None:
        waiting, free = run_in(db, RunStatus.RUNNING), make_run(db)
        with clock_moved(by):
            report_death(db, waiting, 1, backoff=60)
            with pytest.raises(AssertionError):
                claim_run(db, waiting)
            with db.read() as session:
                assert lifecycle.due_to_wake(session, again_seconds=9, limit=9) == [free]
        with db.read() as session:
            until = get(db, waiting).not_before
            assert until is not None
            assert timedelta(seconds=30) < until - now(session) <= timedelta(seconds=60)

    def test_a_worker_seen_just_now_is_alive(self, db: Database, by: timedelta) -> None:
        with clock_moved(by), db.write() as session:
            register_worker(session, slots=2)
        with db.read() as session:
            worker = session.get_one(Worker, "w")
            assert workers.status_of(worker, now(session), 20.0) == "alive"
        with clock_moved(by), db.read() as session:
            assert workers.free_slots(session, 20.0) == 2

    def test_events_of_today_are_kept(self, db: Database, by: timedelta) -> None:
        make_run(db)
        with clock_moved(by), db.write() as session:
            assert events.prune(session, timedelta(minutes=1)) == 0
        with db.read() as session:
            (event,) = events.after(session, 0)
        assert abs(event.created_at - datetime.now(UTC)) < HOUR / 2
