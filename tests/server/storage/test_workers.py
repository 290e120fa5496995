"""Workers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.errors import NotFoundError
from server.storage import events, workers
from server.storage.database import Database, now
from server.storage.models import Worker
from server.storage.states import RunStatus
from tests.support.runs import claim_run, make_run, run_in


def register(db: Database, worker_id: str, **changes: Any) -> None:
    given: dict[str, Any] = {
        "host": "h",
        "pid": 7,
        "device": "cpu",
        "slots": 2,
        "versions": {"torch": "2.13.0"},
        "datasets": {"digits": "ready"},
    }
    with db.write() as session:
        workers.register(session, worker_id=worker_id, **{**given, **changes})


def ago(db: Database, worker_id: str, seconds: float) -> None:
    with db.write() as session:
        session.get_one(Worker, worker_id).seen_at = now(session) - timedelta(seconds=seconds)


def statuses(db: Database) -> dict[str, str]:
    with db.read() as session:
        moment = now(session)
        return {
            worker.id: workers.status_of(worker, moment, 20)
            for worker, _ in workers.list_workers(session)
        }


def test_list_shows_what_each_trains_and_the_stopped_last(db: Database) -> None:
    register(db, "gone")
    register(db, "old")
    register(db, "new")
    with db.write() as session:
        workers.stopped(session, "gone")
    first, second = make_run(db), make_run(db)
    claim_run(db, first, worker_id="old")
    claim_run(db, second, worker_id="old")
    run_in(db, RunStatus.SUCCEEDED)
    with db.read() as session:
        listed = [(worker.id, run_ids) for worker, run_ids in workers.list_workers(session)]
    assert listed == [("new", []), ("old", [first, second]), ("gone", [])]


def test_status(db: Database) -> None:
    for name in ("alive", "draining", "stopped", "lost", "lost while draining"):
        register(db, name)
    with db.write() as session:
        workers.set_draining(session, "draining")
        workers.set_draining(session, "lost while draining")
        workers.set_draining(session, "stopped")
        workers.stopped(session, "stopped")
    ago(db, "lost", 21)
    ago(db, "lost while draining", 21)
    assert statuses(db) == {
        "alive": "alive",
        "draining": "draining",
        "stopped": "stopped",
        "lost": "lost",
        "lost while draining": "lost",
    }
    with db.write() as session:
        workers.seen(session, "lost")
    assert statuses(db)["lost"] == "alive"


def test_seen_updates_data_sets_only_when_they_are_given(db: Database) -> None:
    register(db, "w")
    with db.write() as session:
        workers.seen(session, "w")
    with db.write() as session:
        assert session.get_one(Worker, "w").datasets == {"digits": "ready"}
        workers.seen(session, "w", {"mnist": "missing"})
    with db.read() as session:
        assert session.get_one(Worker, "w").datasets == {"mnist": "missing"}


def test_starting_again_under_the_same_id(db: Database) -> None:
    register(db, "w")
    with db.write() as session:
        workers.set_draining(session, "w")
        workers.stopped(session, "w")
    register(db, "w", pid=8)
    with db.read() as session:
        worker = session.get_one(Worker, "w")
    assert (worker.pid, worker.draining, worker.stopped_at) == (8, False, None)


def test_an_unknown_worker(db: Database) -> None:
    for action in (workers.seen, workers.set_draining, workers.stopped):
        with pytest.raises(NotFoundError, match="nobody"), db.write() as session:
            action(session, "nobody")


def test_free_slots(db: Database) -> None:
    def free() -> int:
        with db.read() as session:
            return workers.free_slots(session, 20)

    assert free() == 0
    register(db, "a", slots=2)
    register(db, "b", slots=3)
    assert free() == 5
    claim_run(db, make_run(db), worker_id="a")
    claim_run(db, make_run(db), worker_id="not registered")
    assert free() == 4
    with db.write() as session:
        workers.set_draining(session, "a")
    assert free() == 3
    ago(db, "b", 60)
    assert free() == 0


def test_events(db: Database) -> None:
    register(db, "w")
    with db.write() as session:
        workers.set_draining(session, "w")
    with db.write() as session:
        workers.stopped(session, "w")
    with db.read() as session:
        told = [(event.kind, event.data) for event in events.after(session, 0)]
    assert told == [
        ("worker", {"worker_id": "w", "status": status})
        for status in ("alive", "draining", "stopped")
    ]
