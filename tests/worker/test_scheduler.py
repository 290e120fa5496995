from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from server.errors import QueueError
from server.settings import Settings
from server.storage.database import Database
from server.storage.states import RunStatus
from tests.conftest import SettingsFactory
from tests.support.runs import claim_run, get, make_run
from tests.support.waiting import wait_until
from tests.support.workers import register_worker
from tests.worker.faults import FailingDatabase
from worker.scheduler import Scheduler, run_scheduler


@pytest.fixture(params=["embedded", "team"])
def own(request: pytest.FixtureRequest, settings: SettingsFactory) -> Settings:
    return settings(request.param, wake_again_seconds=60, retry_backoff_seconds=0)


@pytest.fixture
def db(own: Settings) -> Iterator[Database]:
    database = Database(own.resolved_database_url)
    yield database
    database.close()


@pytest.fixture
def scheduler(own: Settings) -> Iterator[Scheduler]:
    made = Scheduler(own)
    yield made
    made.close()


def add_worker(db: Database, worker_id: str, *, slots: int) -> None:
    with db.write() as session:
        register_worker(session, worker_id, slots=slots)


def woken(db: Database, run_ids: list[str]) -> list[bool]:
    return [get(db, run_id).woken_at is not None for run_id in run_ids]


def test_a_silent_worker_loses_its_run(db: Database, scheduler: Scheduler) -> None:
    run_id = make_run(db)
    claim_run(db, run_id, lease_seconds=-1)

    scheduler.tick()

    run = get(db, run_id)
    assert (run.status, run.reason, run.lost) == (RunStatus.QUEUED, "lost", 1)


def test_as_many_runs_are_woken_as_slots_are_free(db: Database, scheduler: Scheduler) -> None:
    add_worker(db, "w", slots=2)
    claim_run(db, make_run(db), worker_id="w")
    first, urgent = make_run(db), make_run(db, priority=1)

    scheduler.tick()

    assert woken(db, [urgent, first]) == [True, False]


def test_nobody_is_woken_for_workers_that_are_busy_or_gone(
    db: Database, scheduler: Scheduler
) -> None:
    waiting = make_run(db)
    scheduler.tick()
    assert woken(db, [waiting]) == [False]

    add_worker(db, "w", slots=1)
    claim_run(db, make_run(db), worker_id="w")
    scheduler.tick()
    assert woken(db, [waiting]) == [False]

    add_worker(db, "other", slots=1)
    scheduler.tick()
    assert woken(db, [waiting]) == [True]


def test_a_broker_that_is_away_leaves_the_run_to_the_next_pass(
    settings: SettingsFactory,
) -> None:
    own = settings("embedded", broker_url="redis://127.0.0.1:1/0")
    db = Database(own.resolved_database_url)
    add_worker(db, "w", slots=1)
    run_id = make_run(db)
    scheduler = Scheduler(own)

    with pytest.raises(QueueError):
        scheduler.tick()

    assert woken(db, [run_id]) == [False]
    scheduler.close()
    db.close()


def test_an_outage_of_the_database_is_survived(
    settings: SettingsFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = settings("embedded")
    db = Database(own.resolved_database_url)
    monkeypatch.setattr("worker.scheduler.Database", FailingDatabase)
    monkeypatch.setattr(FailingDatabase, "away", True)
    passes: list[int] = []
    scheduler = Scheduler(own)
    tick = scheduler.tick

    def counted() -> None:
        passes.append(1)
        tick()

    monkeypatch.setattr(scheduler, "tick", counted)
    run_id = make_run(db)
    claim_run(db, run_id, lease_seconds=-1)
    stop = threading.Event()
    loop = threading.Thread(target=run_scheduler, args=(scheduler, 0.01, stop))
    loop.start()
    wait_until(lambda: len(passes) >= 3, "three passes during the outage")

    monkeypatch.setattr(FailingDatabase, "away", False)

    wait_until(lambda: get(db, run_id).status == RunStatus.QUEUED, "the run is queued again")
    stop.set()
    loop.join(timeout=5)
    assert not loop.is_alive()
    db.close()


def test_several_schedulers_do_no_harm(own: Settings, db: Database) -> None:
    add_worker(db, "w", slots=4)
    expired = [make_run(db) for _ in range(4)]
    for run_id in expired:
        claim_run(db, run_id, lease_seconds=-1)
    schedulers = [Scheduler(own) for _ in range(3)]
    threads = [threading.Thread(target=item.tick) for item in schedulers]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert [get(db, run_id).lost for run_id in expired] == [1, 1, 1, 1]
    assert woken(db, expired) == [True] * 4
    for item in schedulers:
        item.close()
