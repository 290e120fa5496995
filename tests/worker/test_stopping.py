"""How a worker stops when something hangs, and how an attempt sees it."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from server.settings import Settings
from server.storage import lifecycle, workers
from server.storage.states import AttemptOutcome, RunStatus
from tests.support.environment import environment_of
from tests.support.runs import get, make_run
from tests.support.waiting import wait_until
from tests.support.workers import register_worker
from tests.worker.conftest import SHORT
from tests.worker.plant import Plant, Process, make_plant
from worker.execute import Bench, look_at_run
from worker.machine import Machine

IMPATIENT = """
import sys, worker.presence
worker.presence.DRAIN_SECONDS = 0.5
from worker.__main__ import main
sys.exit(main())
"""


FOLDING = """
import sys, time
from pathlib import Path
import worker.execute, worker.presence
from rscore.reporting import StopReason
from worker.__main__ import main

finish = worker.execute.Attempt._finish

def in_the_midst(self, *args):
    Path({marker!r}).touch()
    while {endless} or self._lease.stop_reason() is not StopReason.DRAINED:
        time.sleep(0.01)
    return finish(self, *args)

worker.execute.Attempt._finish = in_the_midst
worker.presence.DRAIN_SECONDS = {patience}
sys.exit(main())
"""
"""A worker that folds until it is asked to stop, or for ever."""


@pytest.fixture
def embedded(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Plant]:
    shutil.copyfile(migrated_sqlite, tmp_path / "realspike.db")
    settings = Settings(
        **SHORT, home=tmp_path / "home", database_url=f"sqlite:///{tmp_path / 'realspike.db'}"
    )
    with make_plant(settings, tmp_path) as plant:
        yield plant


def freeze(plant: Plant, worker: Process) -> list[psutil.Process]:
    """Stop every child in its tracks, at a moment when it does not hold the database's lock."""
    children = worker.children()

    def frozen() -> bool:
        for child in children:
            child.suspend()
        if is_writable(plant):
            return True
        for child in children:
            child.resume()
        return False

    wait_until(frozen, "the training is frozen outside a transaction")
    return children


def is_writable(plant: Plant) -> bool:
    """True when nobody holds SQLite's lock."""
    path = str(plant.database.engine.url.database)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE").close()
        except sqlite3.OperationalError:
            return False
        return True


def test_a_training_that_hangs_is_ended_and_handed_back(embedded: Plant) -> None:
    worker = embedded.start_worker(code=IMPATIENT)
    run_id = embedded.submit(epochs=2000)
    embedded.wait_for_epoch(run_id, 1)
    frozen = freeze(embedded, worker)

    worker.popen.send_signal(signal.SIGINT)

    assert worker.popen.wait(timeout=15) == 0
    assert not any(child.is_running() for child in frozen)
    run = embedded.run(run_id)
    assert (run.status, run.reason) == (RunStatus.QUEUED, "drained")
    assert embedded.attempts(run_id)[0].outcome == AttemptOutcome.DRAINED


def test_a_model_that_is_nearly_done_is_finished_before_the_worker_stops(
    embedded: Plant, tmp_path: Path
) -> None:
    marker = tmp_path / "folding"
    code = FOLDING.format(marker=str(marker), endless=False, patience=9.0)
    worker = embedded.start_worker(code=code)
    run_id = embedded.submit(epochs=1)
    wait_until(marker.exists, "it folds", 60)

    worker.popen.send_signal(signal.SIGTERM)

    assert worker.popen.wait(timeout=20) == 0
    assert embedded.run(run_id).status == RunStatus.SUCCEEDED, embedded.story(run_id)


def test_a_model_that_takes_too_long_is_left_to_the_next_attempt(
    embedded: Plant, tmp_path: Path
) -> None:
    marker = tmp_path / "folding"
    code = FOLDING.format(marker=str(marker), endless=True, patience=0.5)
    worker = embedded.start_worker(code=code)
    run_id = embedded.submit(epochs=1)
    wait_until(marker.exists, "it folds", 60)

    worker.popen.send_signal(signal.SIGTERM)

    assert worker.popen.wait(timeout=20) == 0
    run = embedded.run(run_id)
    assert (run.status, run.reason) == (RunStatus.QUEUED, "drained"), embedded.story(run_id)
    embedded.start_worker()
    embedded.queue.enqueue_run(run_id)
    run = embedded.wait(run_id)
    assert run.status == RunStatus.SUCCEEDED, embedded.story(run_id)
    second = embedded.attempts(run_id)[1]
    assert run.progress is not None
    assert second.resumed_step == run.progress["steps"]


def test_a_second_signal_ends_it_at_once(embedded: Plant) -> None:
    worker = embedded.start_worker()
    run_id = embedded.submit(epochs=2000)
    wait_until(lambda: embedded.run(run_id).status == RunStatus.RUNNING, "run is running", 60)
    frozen = freeze(embedded, worker)

    worker.popen.send_signal(signal.SIGTERM)
    wait_until(lambda: (embedded.worker_row(worker) or ("",))[0] == "draining", "it drains")
    worker.popen.send_signal(signal.SIGTERM)

    assert worker.popen.wait(timeout=5) == 1
    assert not any(child.is_running() for child in frozen)
    assert embedded.run(run_id).status == RunStatus.RUNNING


def test_a_draining_worker_claims_nothing(embedded: Plant, tmp_path: Path) -> None:
    machine = Machine(worker_id="w", host="h", gpus=0, slots=1, device="cpu")
    with embedded.database.write() as session:
        register_worker(session)
        workers.set_draining(session, "w")
    run_id = make_run(embedded.database)

    look_at_run(
        run_id,
        Bench(
            settings=embedded.settings,
            machine=machine,
            device="cpu",
            database=embedded.database,
            files=embedded.files,
            scratch=tmp_path,
        ),
    )

    assert get(embedded.database, run_id).status == RunStatus.QUEUED
    with embedded.database.read() as session:
        assert lifecycle.due_to_wake(session, again_seconds=60, limit=1) == [run_id]


def test_health_tells_whether_this_host_has_a_worker(embedded: Plant) -> None:
    def healthy() -> bool:
        asked = subprocess.run(
            [sys.executable, "-m", "worker.health"],
            env=environment_of(embedded.settings),
            check=False,
        )
        return asked.returncode == 0

    assert not healthy()
    worker = embedded.start_worker()
    assert healthy()

    worker.popen.send_signal(signal.SIGTERM)
    assert worker.popen.wait(timeout=15) == 0
    assert not healthy()
