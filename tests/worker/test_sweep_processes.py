"""A sweep on real worker and scheduler processes, and a scheduler that is killed in its middle."""

from __future__ import annotations

from collections import Counter

import pytest

from server.storage import studies, sweeps
from server.storage.models import Run
from server.storage.states import RunStatus
from server.studies.metrics import is_measured
from server.studies.spec import parse_study
from tests.support.waiting import wait_until
from tests.worker.plant import SMALL, Plant

TRIALS = 8
SWEEP = {
    "name": "sweep",
    "method": "random",
    "metric": "test_loss",
    "base": {"dataset": "digits", "epochs": 20, **SMALL},
    "parameters": {
        "lr": {"distribution": "log_uniform_values", "min": 0.001, "max": 0.05},
        "decay": {"min": 0.1, "max": 0.9},
    },
    # Whoever is not the best so far at the first epoch goes no further.
    "early_terminate": {"type": "hyperband", "min_iter": 1, "eta": 100, "strict": True},
    "run_cap": TRIALS,
    "parallel": 2,
}


def submit(plant: Plant) -> str:
    document = parse_study(SWEEP)
    with plant.database.write() as session:
        return studies.create_study(
            session,
            name=document.name,
            experiment=document.experiment,
            document=document.model_dump(mode="json", exclude_unset=True),
            factors=["lr", "decay"],
            metric=document.metric.name,
            goal=document.metric.goal,
            trials=document.trials,
            parallel=document.parallel,
        ).id


def trials(plant: Plant, study_id: str) -> list[Run]:
    with plant.database.read() as session:
        return sweeps.trials(session, study_id)


def ended(plant: Plant, study_id: str) -> int:
    return sum(run.finished_at is not None for run in trials(plant, study_id))


@pytest.mark.parametrize("plant", ["team"], indirect=True)  # both databases: test_searching.py
def test_a_killed_scheduler_neither_loses_nor_doubles_a_trial(plant: Plant) -> None:
    study_id = submit(plant)
    scheduler = plant.start("-m", "worker.scheduler")
    plant.start_worker()
    for enough in (1, 4):
        wait_until(lambda: ended(plant, study_id) >= enough, f"{enough} trials ended", 120)  # noqa: B023
        scheduler.end()
        scheduler = plant.start("-m", "worker.scheduler")
    wait_until(lambda: ended(plant, study_id) == TRIALS, "every trial ended", 120)

    found = trials(plant, study_id)
    assert [run.name for run in found] == [f"sweep trial {number + 1}" for number in range(TRIALS)]
    assert len({(run.spec["lr"], run.spec["decay"]) for run in found}) == TRIALS
    assert [len(plant.attempts(run.id)) for run in found] == [1] * TRIALS
    outcomes = Counter((run.status, run.reason) for run in found)
    assert set(outcomes) == {(RunStatus.SUCCEEDED, None), (RunStatus.CANCELLED, sweeps.PRUNED)}
    for run in found:
        assert "test_loss" in run.summary, plant.story(run.id)
        assert [name for name in run.summary if not is_measured(name)] == []
    with plant.database.read() as session:
        study = studies.get_study(session, study_id)
        counts = studies.study_counts(session, [study_id])[study_id]
        assert (study.trials_left, studies.study_status(counts, study)) == (0, "finished")
