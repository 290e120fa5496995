"""Trainings that are silent: too busy to renew their lease, stopped, or hung."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from server.settings import Settings
from server.storage.states import AttemptOutcome, RunStatus
from tests.support.waiting import wait_until
from tests.worker.conftest import SHORT
from tests.worker.plant import Plant, make_plant
from tests.worker.test_stopping import freeze

LEASE_SECONDS = 4
SILENT = """
import ctypes, sys, threading
import worker.reporter
from worker.__main__ import main

plain = worker.reporter.StorageReporter.checkpoint

def checkpoint(self, path, *, step, epoch):
    plain(self, path, step=step, epoch=epoch)
    if epoch == 1:
        {silence}

worker.reporter.StorageReporter.checkpoint = checkpoint
sys.exit(main())
"""
HOLDS_THE_GIL = SILENT.format(silence=f"ctypes.PyDLL(None).usleep({2 * LEASE_SECONDS}_000_000)")
HANGS = SILENT.format(silence="threading.Event().wait()")


@pytest.fixture
def plant(request: pytest.FixtureRequest, migrated_sqlite: Path, tmp_path: Path) -> Iterator[Plant]:
    shutil.copyfile(migrated_sqlite, tmp_path / "realspike.db")
    settings = Settings(
        **{**SHORT, "lease_seconds": LEASE_SECONDS, **getattr(request, "param", {})},
        home=tmp_path / "home",
        database_url=f"sqlite:///{tmp_path / 'realspike.db'}",
    )
    with make_plant(settings, tmp_path) as made:
        made.start("-m", "worker.scheduler")
        yield made


def test_a_call_that_keeps_python_busy_for_longer_than_the_lease_loses_nothing(
    plant: Plant,
) -> None:
    plant.start_worker(code=HOLDS_THE_GIL)
    run_id = plant.submit(epochs=2)

    run = plant.wait(run_id)

    assert run.status == RunStatus.SUCCEEDED, plant.story(run_id)
    (attempt,) = plant.attempts(run_id)
    assert (attempt.outcome, attempt.refused) == (AttemptOutcome.SUCCEEDED, 0)


def test_a_stopped_child_loses_its_run_and_another_takes_its_place(plant: Plant) -> None:
    worker = plant.start_worker()
    run_id = plant.submit(epochs=40)
    plant.wait_for_epoch(run_id, 1)

    frozen = freeze(plant, worker)

    wait_until(lambda: plant.run(run_id).reason == "lost", "the run is lost", 30)
    assert all(child.status() == psutil.STATUS_STOPPED for child in frozen)
    assert plant.wait(run_id).status == RunStatus.SUCCEEDED, plant.story(run_id)
    first, second = plant.attempts(run_id)
    assert (first.outcome, second.outcome) == (AttemptOutcome.LOST, AttemptOutcome.SUCCEEDED)
    # Its run was another's after one lease, so both are over at about the same moment.
    assert first.exit in (
        f"signal 9 (SIGKILL): it was stopped for {2 * LEASE_SECONDS} s",
        f"signal 9 (SIGKILL): it went on for {LEASE_SECONDS} s after it lost its run",
    )
    assert second.resumed_step > 0


@pytest.mark.parametrize("plant", [{"hang_seconds": 2, "max_lost_attempts": 1}], indirect=True)
def test_a_training_that_hangs_is_killed_and_says_so(plant: Plant) -> None:
    plant.start_worker(code=HANGS)
    run_id = plant.submit(epochs=2)

    run = plant.wait(run_id)

    assert (run.status, run.reason) == (RunStatus.FAILED, "poison"), plant.story(run_id)
    (attempt,) = plant.attempts(run_id)
    assert attempt.exit == "signal 9 (SIGKILL): it gave no sign of life for 2 s"
