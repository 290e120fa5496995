"""A real worker on which every training fails, beside one that is well."""

from __future__ import annotations

import signal

from server.storage import quarantine
from server.storage.models import Worker
from server.storage.states import RunStatus
from tests.support.waiting import wait_until
from tests.worker.plant import Plant, Process

BROKEN = """
import sys
from rscore import training
from worker.__main__ import main

def train(*args, **named):
    raise RuntimeError("the device answers no more")

training.train = train
sys.exit(main())
"""


def row(plant: Plant, worker_id: str) -> Worker:
    with plant.database.read() as session:
        return session.get_one(Worker, worker_id)


def id_of(plant: Plant, worker: Process) -> str:
    known = plant.worker_row(worker)
    assert known is not None
    return known[1]


def test_a_worker_in_quarantine_stops_in_order(plant: Plant) -> None:
    worker = plant.start_worker()
    bad = id_of(plant, worker)
    with plant.database.write() as session:
        row = session.get_one(Worker, bad)
        row.quarantined_at, row.quarantine_reason = row.started_at, "a test"
    run_id = plant.submit()
    wait_until(lambda: "does not wait" in worker.log.read_text(), "it refuses the run")

    worker.popen.send_signal(signal.SIGTERM)

    assert worker.popen.wait(timeout=20) == 0
    assert (plant.run(run_id).status, plant.run(run_id).woken_at) == (RunStatus.QUEUED, None)
    plant.cancel(run_id)


def test_it_gets_no_more_and_the_queue_goes_to_the_other(plant: Plant) -> None:
    plant.start("-m", "worker.scheduler")
    broken = plant.start_worker(code=BROKEN)
    bad = id_of(plant, broken)
    eaten = [plant.submit(enqueue=0, epochs=1) for _ in range(3)]
    for run_id in eaten:
        run = plant.wait(run_id)
        assert (run.status, run.reason) == (RunStatus.FAILED, "internal_error")
    assert plant.worker_row(broken) == ("quarantined", bad)
    assert eaten[0] in str(row(plant, bad).quarantine_reason)
    assert f"worker {bad} " in plant.log(eaten[-1])

    # The messages go to the broken worker alone: one stays in its hands, and no run is lost.
    saved = [plant.submit(epochs=1) for _ in range(2)]
    wait_until(lambda: plant.queue.waiting() <= 1, "it holds a message")
    well = plant.start_worker()
    for run_id in saved:
        assert plant.wait(run_id).status == RunStatus.SUCCEEDED, plant.story(run_id)
        assert [attempt.worker_id for attempt in plant.attempts(run_id)] != [bad]
    assert plant.worker_row(broken) == ("quarantined", bad)

    well.end()
    with plant.database.write() as session:
        quarantine.release(session, bad)
    run_id = plant.submit(enqueue=0, epochs=1)
    assert plant.wait(run_id).status == RunStatus.FAILED
    assert [attempt.worker_id for attempt in plant.attempts(run_id)] == [bad]
    assert plant.worker_row(broken) == ("quarantined", bad)  # nothing succeeded on it in between
