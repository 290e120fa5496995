"""Sweeps as the scheduler drives them, without any training: outcomes are written by the test."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from server.settings import Settings
from server.storage import lifecycle, metrics, runs, studies, sweeps
from server.storage.database import Database
from server.storage.models import Run
from server.storage.states import RunStatus
from server.studies.expand import expand, stored_fields
from server.studies.spec import parse_study
from tests.support.runs import claim_run
from tests.support.workers import register_worker
from worker.searching import Searching

SWEEP: dict[str, Any] = {
    "name": "sweep",
    "method": "bayes",
    "metric": {"name": "test_acc", "goal": "maximize"},
    "base": {"epochs": 9},
    "parameters": {
        "lr": {"distribution": "log_uniform_values", "min": 0.001, "max": 0.1},
        "granularity": {"values": ["binary", "channel"]},
    },
    "run_cap": 8,
    "parallel": 2,
}


@pytest.fixture
def searching(db: Database) -> Searching:
    return Searching(Settings(), db)


def make_sweep(db: Database, **changes: Any) -> str:
    document = parse_study({**SWEEP, **changes})
    with db.write() as session:
        return studies.create_study(
            session,
            name=document.name,
            experiment=document.experiment,
            document=document.model_dump(mode="json", exclude_unset=True),
            factors=[dimension.name for dimension in document.dimensions()],
            metric=document.metric.name,
            goal=document.metric.goal,
            trials=document.trials,
            parallel=document.parallel,
        ).id


def trials(db: Database, study_id: str) -> list[Run]:
    with db.read() as session:
        return sweeps.trials(session, study_id)


def measure(db: Database, run_id: str, attempt: int, *values: float) -> None:
    points = [("test_acc", 10 * epoch, epoch, value) for epoch, value in enumerate(values, 1)]
    with db.write() as session:
        metrics.write_metrics(session, run_id, points, attempt=attempt)


def succeed(db: Database, run_id: str, *values: float) -> None:
    attempt = claim_run(db, run_id)
    measure(db, run_id, attempt, *values)
    with db.write() as session:
        lifecycle.succeed(session, run_id, attempt)


def test_trials_are_made_as_there_is_room_and_end_at_the_cap(
    db: Database, searching: Searching
) -> None:
    study_id = make_sweep(db)
    made = 0
    while made < 8:
        searching.step()
        searching.step()
        found = trials(db, study_id)
        assert len(found) == made + 2
        for run in found[made:]:
            assert run.name == f"sweep trial {found.index(run) + 1}"
            assert 0.001 <= run.spec["lr"] <= 0.1
            assert run.drawn is not None
            assert run.drawn["lr"] == run.spec["lr"]
            succeed(db, run.id, 0.5)
        made += 2
    searching.step()
    assert len(trials(db, study_id)) == 8
    assert len({run.spec["lr"] for run in trials(db, study_id)}) == 8


def test_two_schedulers_and_one_that_starts_again_make_each_trial_once(db: Database) -> None:
    study_id = make_sweep(db, parallel=4)
    both = [Searching(Settings(), db) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda searching: searching.step(), both))
    names = [run.name for run in trials(db, study_id)]
    assert names == [f"sweep trial {number}" for number in range(1, 5)]
    with db.read() as session:
        assert studies.get_study(session, study_id).trials_left == 4


def test_without_a_limit_there_are_as_many_trials_as_slots(
    db: Database, searching: Searching
) -> None:
    study_id = make_sweep(db, parallel=None)
    with db.write() as session:
        register_worker(session, slots=3)
    searching.step()
    assert len(trials(db, study_id)) == 3


def test_a_trial_behind_the_others_is_stopped_and_marked(
    db: Database, searching: Searching
) -> None:
    study_id = make_sweep(
        db, parallel=4, early_terminate={"type": "hyperband", "min_iter": 1, "eta": 3}
    )
    searching.step()
    best, good, fair, bad = (run.id for run in trials(db, study_id))
    attempts = {run_id: claim_run(db, run_id) for run_id in (best, good, fair, bad)}
    for run_id, value in ((best, 0.9), (good, 0.8), (fair, 0.7)):
        measure(db, run_id, attempts[run_id], value)
    searching.step()
    with db.read() as session:
        asked = {run.id: run.cancel_requested for run in sweeps.trials(session, study_id)}
    assert asked == {best: False, good: True, fair: True, bad: False}
    with db.write() as session:
        lifecycle.end_cancelled(session, good, attempts[good])
    with db.read() as session:
        run = runs.get_run(session, good)
    assert (run.status, run.reason) == (RunStatus.CANCELLED, "pruned")
    assert "other trials of the sweep were better" in (run.detail or "")
    searching.step()
    assert len(trials(db, study_id)) == 5


def test_a_cancelled_sweep_makes_no_more_trials(db: Database, searching: Searching) -> None:
    study_id = make_sweep(db)
    searching.step()
    with db.write() as session:
        studies.cancel_study(session, study_id)
    searching.step()
    found = trials(db, study_id)
    assert [run.status for run in found] == [RunStatus.CANCELLED] * 2
    assert {run.reason for run in found} == {"cancelled"}


def test_failures_in_a_row_pause_the_sweep_with_a_notice(
    db: Database, searching: Searching
) -> None:
    study_id = make_sweep(db, max_consecutive_failures=2)
    searching.step()
    for run in trials(db, study_id):
        attempt = claim_run(db, run.id)
        with db.write() as session:
            lifecycle.fail(session, run.id, attempt, reason="internal_error", detail="-")
    searching.step()
    assert len(trials(db, study_id)) == 2
    with db.write() as session:
        study = studies.get_study(session, study_id)
        assert "2 trials in a row have failed" in (study.notice or "")
        studies.resume_study(session, study_id)
    with db.read() as session:
        assert studies.get_study(session, study_id).notice is None
    searching.step()
    assert len(trials(db, study_id)) == 4


def test_a_paused_study_begins_nothing_and_goes_on_when_resumed(
    db: Database, searching: Searching
) -> None:
    study_id = make_sweep(db)
    searching.step()
    one, other = (run.id for run in trials(db, study_id))
    attempt = claim_run(db, one)
    with db.write() as session:
        studies.pause_study(session, study_id)
    with db.write() as session:
        lifecycle.hand_back(session, one, attempt, reason="drained")
    with db.write() as session:
        assert lifecycle.due_to_wake(session, again_seconds=1, limit=9) == []
        for run_id in (one, other):
            assert (
                lifecycle.claim(
                    session, run_id, worker_id="w", host="h", device="cpu", lease_seconds=9
                )
                is None
            )
    searching.step()
    assert len(trials(db, study_id)) == 2
    with db.write() as session:
        studies.resume_study(session, study_id)
    with db.read() as session:
        assert set(lifecycle.due_to_wake(session, again_seconds=1, limit=9)) == {one, other}
    assert claim_run(db, other) == 1


def test_no_more_runs_of_a_study_begin_than_are_allowed_at_once(db: Database) -> None:
    study_id = make_sweep(db, parallel=4)
    Searching(Settings(), db).step()
    ids = [run.id for run in trials(db, study_id)]
    with db.write() as session:
        studies.change_study(session, study_id, parallel=2)

    def claim(run_id: str) -> bool:
        with db.write() as session:
            return (
                lifecycle.claim(
                    session, run_id, worker_id="w", host="h", device="cpu", lease_seconds=9
                )
                is not None
            )

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(claim, ids)) == 2
    with db.read() as session:
        assert lifecycle.due_to_wake(session, again_seconds=1, limit=9) == []


def test_a_draw_that_cannot_be_is_drawn_again(db: Database, searching: Searching) -> None:
    study_id = make_sweep(
        db,
        parallel=8,
        method="random",
        parameters={
            "network": {"values": ["small-conv", "resnet20"]},
            "pooling": {"values": ["average", "max"]},
            "image_size": {"values": [8, 16]},
        },
    )
    searching.step()
    found = [(run.spec["network"], run.spec["image_size"]) for run in trials(db, study_id)]
    assert len(found) == 8
    assert ("resnet20", 8) not in found


def test_a_sweep_ends_when_a_trial_has_reached_the_target(
    db: Database, searching: Searching
) -> None:
    study_id = make_sweep(
        db, metric={"name": "test_acc", "goal": "maximize", "target": 0.9}, parallel=1
    )
    for value in (0.85, 0.9):
        searching.step()
        succeed(db, trials(db, study_id)[-1].id, value)
    searching.step()
    assert len(trials(db, study_id)) == 2
    with db.read() as session:
        study = studies.get_study(session, study_id)
        assert study.trials_left == 0
        counts = studies.study_counts(session, [study_id])[study_id]
        assert studies.study_status(counts, study) == "finished"


def test_a_method_that_the_scheduler_cannot_compute_pauses_the_sweep(
    db: Database, searching: Searching, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_id = make_sweep(db, method="gp")
    monkeypatch.setitem(sys.modules, "torch", None)
    searching.step()
    assert trials(db, study_id) == []
    with db.read() as session:
        study = studies.get_study(session, study_id)
    assert study.paused_at is not None
    assert "submit the sweep with method bayes" in (study.notice or "")


GRID: dict[str, Any] = {
    "name": "grid",
    "base": {"epochs": 9},
    "parameters": {"lr": {"values": [0.001, 0.003, 0.01, 0.03]}},
}
LEVELS = {"lr": [0.001, 0.003, 0.01, 0.03]}


def make_grid(db: Database, **changes: Any) -> tuple[str, list[str]]:
    """A study whose runs were all made at once, and their ids."""
    document = parse_study({**GRID, **changes})
    plan = expand(document, run_limit=100)
    with db.write() as session:
        study = studies.create_study(
            session,
            name=document.name,
            experiment=document.experiment,
            document=document.model_dump(mode="json", exclude_unset=True),
            factors=plan.factors,
            metric=document.metric.name,
            goal=document.metric.goal,
        )
        made = [
            runs.create_run(session, **stored_fields(document, each), study_id=study.id).id
            for each in plan.runs
        ]
        return study.id, made


def fail(db: Database, run_id: str) -> None:
    attempt = claim_run(db, run_id)
    with db.write() as session:
        lifecycle.fail(session, run_id, attempt, reason="internal_error", detail="-")


def test_failures_in_a_row_pause_an_ablation_too(db: Database, searching: Searching) -> None:
    study_id, made = make_grid(
        db, parameters={}, ablate=LEVELS, seeds=2, max_consecutive_failures=2
    )
    other_id, _ = make_grid(db)
    fail(db, made[0])
    succeed(db, made[1], 0.5)
    fail(db, made[2])
    searching.step()
    assert {run.status for run in trials(db, study_id)} > {RunStatus.QUEUED}
    fail(db, made[3])
    searching.step()
    with db.write() as session:
        study = studies.get_study(session, study_id)
        assert study.paused_at is not None
        assert "2 runs in a row have failed" in (study.notice or "")
        assert studies.get_study(session, other_id).paused_at is None
        studies.resume_study(session, study_id)
    searching.step()
    with db.read() as session:
        assert studies.get_study(session, study_id).paused_at is None


def test_a_grid_that_says_so_stops_runs_early_and_is_finished_all_the_same(
    db: Database, searching: Searching
) -> None:
    study_id, made = make_grid(db, early_terminate={"type": "hyperband", "min_iter": 1, "eta": 2})
    succeed(db, made[0], 0.9, 0.9)
    attempt = claim_run(db, made[1])
    measure(db, made[1], attempt, 0.5)
    searching.step()
    with db.write() as session:
        assert runs.get_run(session, made[1]).cancel_requested
        lifecycle.end_cancelled(session, made[1], attempt)
    for run_id in made[2:]:
        succeed(db, run_id, 0.7)
    with db.read() as session:
        study = studies.get_study(session, study_id)
        counts = studies.study_counts(session, [study_id])[study_id]
        assert counts == {RunStatus.SUCCEEDED: 3, RunStatus.CANCELLED: 1}
        assert studies.study_status(counts, study) == "finished"
