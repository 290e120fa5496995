"""Runs of people's own scripts: begun, kept alive, taken for lost, heard of again, ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.errors import ConflictError, NotFoundError
from server.storage import (
    figures,
    history,
    holding,
    lifecycle,
    logs,
    metrics,
    own_files,
    runs,
    scripts,
    studies,
    sweeps,
)
from server.storage.artifact_files import StoredFile
from server.storage.database import Database, now
from server.storage.models import Run
from server.storage.scripts import Script
from server.storage.states import SCRIPT_TRANSITIONS, RunSource, RunStatus
from server.storage.transitions import lock_run, move
from tests.support.runs import expire, get, make_run, reap, run_in

SCRIPT = Script(
    name="baseline",
    experiment="default",
    tags=["paper", "paper"],
    notes="from elsewhere",
    config={"lr": 0.1, "seed": 3},
    digest="1" * 64,
    study_id=None,
    host="laptop",
    device="",
    started_at=None,
)


def begin(db: Database, *, run_id: str | None = None, **changes: Any) -> str:
    with db.write() as session:
        script = replace(SCRIPT, **changes)
        return scripts.begin(session, script, run_id=run_id, lease_seconds=300).id


def beat(db: Database, run_id: str) -> str:
    with db.write() as session:
        return scripts.beat(session, run_id, lease_seconds=300).status


def finish(db: Database, run_id: str, status: RunStatus = RunStatus.SUCCEEDED, **said: Any) -> Run:
    with db.write() as session:
        return scripts.finish(session, run_id, status, **said)


def attempts(db: Database, run_id: str) -> list[tuple[int, str, str | None, str | None]]:
    with db.read() as session:
        known = runs.attempts_of(session, run_id)
        return [(each.number, each.outcome, each.reason, each.exit) for each in known]


def study_of(db: Database, **changes: Any) -> str:
    given = {"name": "s", "experiment": "e", "document": {"name": "s"}, "factors": []}
    with db.write() as session:
        made = studies.create_study(
            session, **{**given, "metric": "test_acc", "goal": "maximize", **changes}
        )
        return made.id


def test_a_run_is_running_from_its_beginning_and_no_worker_can_have_it(db: Database) -> None:
    run_id = begin(db)
    run = get(db, run_id)

    assert (run.status, run.attempt, run.source, run.worker_id) == ("running", 1, "script", None)
    assert (run.tags, run.notes, run.spec) == (["paper"], "from elsewhere", SCRIPT.config)
    assert attempts(db, run_id) == [(1, "running", None, None)]
    with db.write() as session:
        claimed = lifecycle.claim(
            session, run_id, worker_id="w", host="h", device="cpu", lease_seconds=9
        )
    assert claimed is None
    assert reap(db) == []
    with db.read() as session:
        assert lifecycle.due_to_wake(session, again_seconds=0, limit=9) == []
        assert figures.ingest_lags(session, now(session)) == []


def test_when_it_began_is_told_by_the_script_but_never_lies_ahead(db: Database) -> None:
    before = datetime.now(UTC) - timedelta(hours=3)
    early, late = begin(db, started_at=before), begin(db, started_at=before + timedelta(days=9))

    assert get(db, early).started_at == get(db, early).created_at == before
    assert (get(db, late).started_at or before) <= datetime.now(UTC)
    end = before + timedelta(hours=2)
    assert finish(db, early, finished_at=end).finished_at == end
    assert finish(db, late, finished_at=before).finished_at == get(db, late).started_at


def test_an_id_is_taken_once(db: Database) -> None:
    wanted = "run_" + "0" * 26
    assert begin(db, run_id=wanted) == wanted
    with pytest.raises(ConflictError, match="another run"):
        begin(db, run_id=wanted)


def test_its_study_must_be_there(db: Database) -> None:
    with pytest.raises(NotFoundError, match="study"):
        begin(db, study_id="stu_none")
    gone = study_of(db)
    with db.write() as session:
        studies.delete_study(session, gone)
    with pytest.raises(NotFoundError, match="study"):
        begin(db, study_id=gone)


def test_metrics_and_files_are_taken_at_any_time_and_keep_it_alive(db: Database) -> None:
    run_id = begin(db)
    expire(db, run_id)
    write(db, run_id, 1, 0.5)
    assert reap(db) == []
    assert get(db, run_id).status == "running"
    stored = StoredFile(f"{run_id}/own/file_1", 1, "0" * 64)
    with db.write() as session:
        own_files.record(session, run_id, name="a.txt", media_type="a/b", stored=stored)
    finish(db, run_id)
    write(db, run_id, 2, 0.75)
    assert get(db, run_id).summary == {"test_acc": 0.75}
    assert get(db, run_id).lease_expires_at is None


def write(db: Database, run_id: str, step: int, value: float) -> None:
    with db.write() as session:
        points: list[metrics.Point] = [("test_acc", step, None, value)]
        metrics.write_metrics(session, run_id, points, attempt=None, script_lease=300)


def lost(db: Database) -> str:
    run_id = begin(db)
    expire(db, run_id)
    assert reap(db) == []
    return run_id


def test_a_silent_one_has_failed_and_says_what_to_do(db: Database) -> None:
    run_id = lost(db)
    run = get(db, run_id)

    assert (run.status, run.reason) == ("failed", "lost")
    assert "nothing was heard of the script on laptop" in (run.detail or "")
    assert "spool drain" in (run.detail or "")
    assert attempts(db, run_id) == [(1, "lost", "lost", None)]
    with db.read() as session:
        assert [line.text for line in logs.tail(session, run_id)] == [run.detail]


def test_one_that_is_heard_of_again_goes_on(db: Database) -> None:
    run_id = lost(db)
    write(db, run_id, 1, 0.5)
    assert get(db, run_id).status == "failed"  # a spool may be drained long after its script died
    assert beat(db, run_id) == "running"
    assert reap(db) == []
    assert [each[:2] for each in attempts(db, run_id)] == [(1, "lost"), (2, "running")]
    assert finish(db, run_id).status == "succeeded"


def test_a_lost_one_ends_as_its_script_said(db: Database) -> None:
    run_id = lost(db)
    finish(db, run_id, RunStatus.FAILED, exit="exit code 3", detail="boom")
    run = get(db, run_id)

    assert (run.status, run.reason, run.detail) == ("failed", "script_failed", "boom")
    assert [each[1] for each in attempts(db, run_id)] == ["lost", "failed"]
    assert attempts(db, run_id)[1] == (2, "failed", "script_failed", "exit code 3")


def test_the_first_end_stands(db: Database) -> None:
    run_id = begin(db)
    finish(db, run_id)
    assert finish(db, run_id, RunStatus.FAILED).status == "succeeded"
    assert beat(db, run_id) == "succeeded"
    assert [each[1] for each in attempts(db, run_id)] == ["succeeded"]


def test_a_cancelled_one_has_ended_and_its_script_is_told(db: Database) -> None:
    run_id = begin(db)
    with db.write() as session:
        runs.cancel_run(session, run_id)
    run = get(db, run_id)

    assert (run.status, run.cancel_requested, run.lease_expires_at) == ("cancelled", False, None)
    assert attempts(db, run_id) == [(1, "cancelled", "cancelled", None)]
    assert beat(db, run_id) == "cancelled"
    assert finish(db, run_id).status == "cancelled"
    write(db, run_id, 1, 0.5)


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED])
def test_nobody_can_try_it_again(db: Database, status: RunStatus) -> None:
    run_id = begin(db)
    finish(db, run_id, status)
    with pytest.raises(ConflictError, match="start the script again"), db.write() as session:
        runs.retry_run(session, run_id)


def test_no_script_speaks_for_a_run_of_a_worker(db: Database) -> None:
    run_id = run_in(db, RunStatus.FAILED)
    for speak in (beat, finish):
        with pytest.raises(ConflictError, match="trained by a worker"):
            speak(db, run_id)
    with pytest.raises(NotFoundError):
        beat(db, "run_none")


def test_the_table_of_transitions(db: Database) -> None:
    assert set(SCRIPT_TRANSITIONS) == set(RunStatus)
    for start, ends in SCRIPT_TRANSITIONS.items():
        for end in RunStatus:
            run_id = begin(db)
            with db.write() as session:
                run = lock_run(session, run_id)
                run.status = start
            if end in ends:
                with db.write() as session:
                    move(session, lock_run(session, run_id), end)
                assert get(db, run_id).status == end
                continue
            with pytest.raises(ConflictError, match=start), db.write() as session:
                move(session, lock_run(session, run_id), end)


def test_what_a_script_gave_may_be_of_any_kind(db: Database) -> None:
    odd = {"dataset": "digits", "network": "small-conv", "num_timesteps": "many"}
    finish(db, begin(db, config=odd))
    with db.read() as session:
        known = history.finished_runs(
            session, dataset="digits", network="small-conv", num_timesteps=4, limit=9
        )
        assert known == []


def test_it_stands_beside_its_study_and_not_in_its_way(db: Database) -> None:
    study_id = study_of(db, parallel=1, trials=3)
    waiting = make_run(db, study_id=study_id)
    run_id = begin(db, study_id=study_id)
    with db.read() as session:
        assert not holding.is_held(session, waiting)
        assert studies.study_counts(session, [study_id]) == {study_id: {RunStatus.QUEUED: 1}}
        assert [run.id for run in sweeps.trials(session, study_id)] == [waiting]
        assert sweeps.open_count(session, study_id) == 1
        assert sweeps.training(session, study_id) == []
        assert [run.id for run in studies.runs_of_study(session, study_id)] == [waiting, run_id]
    with db.write() as session:
        studies.cancel_study(session, study_id)
    assert get(db, run_id).status == "cancelled"
    assert get(db, run_id).source == RunSource.SCRIPT
