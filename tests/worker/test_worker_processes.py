"""Real worker and scheduler processes: whatever is killed or lost, each run ends as it should."""

from __future__ import annotations

import hashlib
import signal
from typing import Any

import pytest

from server.storage import folded_models, runs
from server.storage.states import AttemptOutcome, RunStatus
from tests.support.waiting import wait_until
from tests.worker.plant import Plant, Process

LONGER: dict[str, Any] = {"epochs": 8, "batch_size": 8}
"""Trains for some seconds, so that there is time to disturb it."""
WITHOUT_DATA: dict[str, Any] = {"dataset": "mnist"}
"""Ends at once, because nobody put the files there."""
DIVERGING: dict[str, Any] = {
    "optimizer": "sgd",
    "schedule": "constant",
    "momentum": 0,
    "lr": 4,
    "weight_decay": 1,
    "batch_size": 32,
    "epochs": 100,
}
"""Weights grow about threefold a step."""


@pytest.fixture(scope="module")
def scheduler(plant: Plant) -> Process:
    return plant.start("-m", "worker.scheduler")


@pytest.fixture(scope="module")
def worker(plant: Plant, scheduler: Process) -> Process:
    return plant.start_worker()


@pytest.fixture(scope="module")
def undisturbed(plant: Plant, worker: Process) -> str:
    """A run that nobody disturbed."""
    run_id = plant.submit(**LONGER)
    plant.wait(run_id)
    return run_id


def only_attempt(plant: Plant, run_id: str) -> None:
    assert [item.number for item in plant.attempts(run_id)] == [1], plant.story(run_id)


def test_a_run_ends_with_model_and_files(plant: Plant, undisturbed: str) -> None:
    run = plant.run(undisturbed)

    assert run.status == RunStatus.SUCCEEDED, plant.story(undisturbed)
    assert run.progress is not None
    assert run.progress["epoch"] == run.progress["epochs"] == LONGER["epochs"]
    only_attempt(plant, undisturbed)
    with plant.database.read() as session:
        model = folded_models.model_of_run(session, undisturbed)
    assert model is not None
    assert model.verdict in ("exact", "bounded")
    assert model.test_acc == run.summary["test_acc"]
    stored = plant.artifacts(undisturbed)
    assert {item.kind: item.media_type for item in stored} == {
        "weights": "application/octet-stream",
        "folded": "application/octet-stream",
        "graph": "application/json",
        "onnx": "application/onnx",
        "nir": "application/x-hdf5",
        "pt2": "application/zip",
        "samples": "application/json",
        "certificate": "application/json",
    }
    assert any(name.startswith("amplitude/") for name, _ in plant.points(undisturbed))
    for item in stored:
        with plant.files.open(item.location) as file:
            assert hashlib.sha256(file.read()).hexdigest() == item.sha256
    assert "the fold is" in plant.log(undisturbed)


def test_a_doubled_message_makes_one_attempt(plant: Plant, worker: Process) -> None:
    run_id = plant.submit(enqueue=3, epochs=1)
    behind_them = plant.submit(**WITHOUT_DATA)

    assert plant.wait(run_id).status == RunStatus.SUCCEEDED, plant.story(run_id)
    plant.wait(behind_them)
    only_attempt(plant, run_id)


def test_a_lost_message_is_made_up_for(plant: Plant, worker: Process) -> None:
    run_id = plant.submit(enqueue=0, **WITHOUT_DATA)

    plant.wait(run_id)
    only_attempt(plant, run_id)


def test_a_missing_data_set_fails_with_the_remedy(plant: Plant, worker: Process) -> None:
    run_id = plant.submit(**WITHOUT_DATA)

    run = plant.wait(run_id)

    assert (run.status, run.reason) == (RunStatus.FAILED, "dataset_missing")
    assert "realspike data fetch mnist" in str(run.detail)


def test_a_run_that_asks_for_what_the_machine_lacks_fails_with_the_field(
    plant: Plant, worker: Process
) -> None:
    run_id = plant.submit(precision="fp16")

    run = plant.wait(run_id)

    assert (run.status, run.reason) == (RunStatus.FAILED, "spec_invalid"), plant.story(run_id)
    assert str(run.detail).startswith("precision: fp16 needs a GPU")
    assert "use bf16 or fp32" in str(run.detail)
    assert "Traceback" not in plant.log(run_id)


def test_a_diverging_run_keeps_its_metrics(plant: Plant, worker: Process) -> None:
    run_id = plant.submit(**DIVERGING)

    run = plant.wait(run_id)

    assert (run.status, run.reason) == (RunStatus.FAILED, "loss_not_finite"), plant.story(run_id)
    assert "try an lr below" in str(run.detail)
    assert "NonFiniteLossError" in plant.log(run_id)
    assert ("batch_loss", 20) in plant.points(run_id)


def test_a_running_run_is_cancelled(plant: Plant, worker: Process) -> None:
    run_id = plant.submit(epochs=2000)
    plant.wait_for_epoch(run_id, 1)

    with plant.database.write() as session:
        runs.cancel_run(session, run_id)

    assert plant.wait(run_id).status == RunStatus.CANCELLED
    assert plant.points(run_id)


def test_a_killed_child_costs_nothing_but_time(
    plant: Plant, worker: Process, undisturbed: str
) -> None:
    run_id = plant.submit(**LONGER)
    plant.wait_for_epoch(run_id, 2)

    for child in worker.children():
        child.kill()

    assert plant.wait(run_id).status == RunStatus.SUCCEEDED, plant.story(run_id)
    first, second = plant.attempts(run_id)
    assert (first.outcome, second.outcome) == (AttemptOutcome.LOST, AttemptOutcome.SUCCEEDED)
    assert first.exit == "signal 9 (SIGKILL)"
    assert second.resumed_step > 0
    assert plant.points(run_id) == plant.points(undisturbed)
    assert {item.attempt for item in plant.artifacts(run_id)} == {2}


def test_idle_children_that_are_killed_cost_nothing(plant: Plant, worker: Process) -> None:
    for _ in range(3):
        idle = worker.children()
        for child in idle:
            child.kill()
        wait_until(lambda: worker.children() not in ([], idle), "there is a child again")  # noqa: B023

    run_id = plant.submit(epochs=1)

    assert plant.wait(run_id).status == RunStatus.SUCCEEDED, plant.story(run_id)
    only_attempt(plant, run_id)


def test_a_stopping_worker_hands_its_run_back(
    plant: Plant, worker: Process, undisturbed: str
) -> None:
    run_id = plant.submit(**LONGER)
    plant.wait_for_epoch(run_id, 2)

    worker.popen.send_signal(signal.SIGTERM)
    assert worker.popen.wait(timeout=15) == 0

    run = plant.run(run_id)
    assert (run.status, run.reason) == (RunStatus.QUEUED, "drained"), plant.story(run_id)
    row = plant.worker_row(worker)
    assert row is not None
    assert row[0] == "stopped"
    (checkpoint, *_) = [item for item in plant.artifacts(run_id) if item.kind == "checkpoint"]
    assert plant.files.exists(checkpoint.location)

    plant.start_worker()
    assert plant.wait(run_id).status == RunStatus.SUCCEEDED, plant.story(run_id)
    first, second = plant.attempts(run_id)
    assert first.outcome == AttemptOutcome.DRAINED
    assert second.resumed_step > 0
    assert plant.points(run_id) == plant.points(undisturbed)


def test_the_scheduler_stops_at_once(plant: Plant, scheduler: Process) -> None:
    wait_until(lambda: scheduler.popen.poll() is None, "scheduler runs")

    scheduler.popen.send_signal(signal.SIGTERM)

    assert scheduler.popen.wait(timeout=5) == 0
