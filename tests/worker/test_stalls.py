"""A worker whose pool takes a message and never begins it."""

from __future__ import annotations

import signal

from server.storage.states import RunStatus
from tests.support.waiting import wait_until
from tests.worker.plant import Plant
from worker.stalls import Stalls

IMPATIENT = """
import sys, worker.presence, worker.stalls
worker.presence.DRAIN_SECONDS = 0.5
worker.stalls.STALL_SECONDS = 1.0
from worker.__main__ import main
sys.exit(main())
"""


def test_a_worker_that_begins_nothing_ends_so_that_another_starts(plant: Plant) -> None:
    plant.start("-m", "worker.scheduler")
    worker = plant.start_worker(code=IMPATIENT)
    for child in worker.children():
        child.send_signal(signal.SIGSTOP)
    run_id = plant.submit(epochs=1)

    assert worker.popen.wait(timeout=30) == 1

    assert "no child begins it" in worker.log.read_text()
    wait_until(lambda: (plant.worker_row(worker) or ("",))[0] == "stopped", "it said goodbye")
    plant.start_worker()
    assert plant.wait(run_id).status == RunStatus.SUCCEEDED, plant.story(run_id)


def test_a_worker_at_work_is_not_stalled(plant: Plant) -> None:
    worker = plant.start_worker(code=IMPATIENT)
    run_id = plant.submit(epochs=2000)
    plant.submit(epochs=1)
    plant.wait_for_epoch(run_id, 30)

    assert worker.popen.poll() is None
    plant.cancel(run_id)
    plant.wait(run_id, RunStatus.CANCELLED)


def test_nothing_taken_is_no_stall() -> None:
    assert not Stalls(1).found()
