"""Waking: one message for each run that is next and could begin, however many wake at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from server.errors import QueueError
from server.queue import RunQueue
from server.settings import Settings
from server.storage.database import Database
from server.waking import wake
from tests.conftest import SettingsFactory
from tests.support.runs import get, make_run
from tests.support.services import free_port
from tests.support.workers import register_worker


def add_worker(db: Database, *, slots: int) -> None:
    with db.write() as session:
        register_worker(session, "worker-1", host="host-1", slots=slots)


@pytest.fixture
def team(settings: SettingsFactory) -> Settings:
    return settings("team")


@pytest.fixture
def stores(team: Settings) -> Iterator[tuple[Database, RunQueue]]:
    database, queue = Database(team.resolved_database_url), RunQueue(team)
    yield database, queue
    queue.close()
    database.close()


def test_nobody_is_woken_while_no_worker_is_free(
    team: Settings, stores: tuple[Database, RunQueue]
) -> None:
    database, queue = stores
    run_id = make_run(database)
    wake(database, queue, team)
    assert get(database, run_id).woken_at is None
    assert queue.waiting() == 0


def test_several_who_wake_at_once_send_one_message_for_each_free_slot(
    team: Settings, stores: tuple[Database, RunQueue]
) -> None:
    database, queue = stores
    add_worker(database, slots=2)
    made = [make_run(database) for _ in range(3)]
    threads = [threading.Thread(target=wake, args=(database, queue, team)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [get(database, run_id).woken_at is not None for run_id in made] == [True, True, False]
    assert queue.waiting() == 2


def test_a_run_whose_message_was_not_taken_can_be_woken_at_once(
    team: Settings, stores: tuple[Database, RunQueue]
) -> None:
    database, queue = stores
    add_worker(database, slots=2)
    made = [make_run(database) for _ in range(2)]
    nowhere = team.model_copy(update={"broker_url": f"redis://127.0.0.1:{free_port()}/0"})
    cut_off = RunQueue(nowhere)
    with pytest.raises(QueueError):
        wake(database, cut_off, nowhere)
    cut_off.close()
    assert [get(database, run_id).woken_at for run_id in made] == [None, None]

    wake(database, queue, team)

    assert queue.waiting() == 2
