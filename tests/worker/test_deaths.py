"""Workers of real processes that are killed, and children that nobody replaces in vain."""

from __future__ import annotations

import signal

import psutil
import pytest

from server.storage.states import AttemptOutcome, RunStatus
from tests.support.waiting import wait_until
from tests.worker.plant import Plant, Process


@pytest.fixture(scope="module", autouse=True)
def scheduler(plant: Plant) -> Process:
    return plant.start("-m", "worker.scheduler")


def gone(children: list[psutil.Process]) -> bool:
    return not any(
        child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children
    )


def test_a_child_that_took_the_place_of_another_is_drained_like_it(plant: Plant) -> None:
    worker = plant.start_worker()
    run_id = plant.submit(epochs=2000)
    plant.wait_for_epoch(run_id, 1)
    for child in worker.children():
        child.kill()
    wait_until(lambda: plant.attempt_in_hand(run_id) == 2, "another attempt runs", 60)
    plant.wait_for_epoch(run_id, 2)

    worker.popen.send_signal(signal.SIGHUP)  # the terminal was closed

    assert worker.popen.wait(timeout=20) == 0
    run = plant.run(run_id)
    assert (run.status, run.reason) == (RunStatus.QUEUED, "drained"), plant.story(run_id)
    plant.cancel(run_id)


def test_the_child_of_a_killed_worker_hands_its_run_back(plant: Plant) -> None:
    worker = plant.start_worker()
    run_id = plant.submit(epochs=2000)
    plant.wait_for_epoch(run_id, 1)
    children = worker.children()

    worker.popen.kill()

    run = plant.wait(run_id, RunStatus.QUEUED, seconds=30)
    assert run.reason == "orphaned", plant.story(run_id)
    assert plant.attempts(run_id)[0].outcome == AttemptOutcome.DRAINED
    wait_until(lambda: gone(children), "its children are gone", 30)
    plant.cancel(run_id)


def test_an_idle_child_ends_with_its_killed_worker(plant: Plant) -> None:
    worker = plant.start_worker()
    wait_until(worker.children, "it has children")
    children = worker.children()

    worker.popen.kill()

    wait_until(lambda: gone(children), "its children are gone", 30)
