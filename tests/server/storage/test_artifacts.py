"""Artifacts: rows about stored files."""

from __future__ import annotations

import pytest

from server.errors import NotFoundError
from server.storage import artifacts, events, lifecycle, runs
from server.storage.artifacts import StoredFile
from server.storage.database import Database
from server.storage.models import Artifact
from server.storage.states import RunStatus
from tests.support.runs import claim_run, run_in


def record(
    db: Database,
    run_id: str,
    kind: str = "checkpoint",
    name: str = "file",
    step: int | None = None,
    attempt: int = 1,
) -> Artifact:
    stored = StoredFile(f"{run_id}/{name}", 2**40, "ab" * 32)
    with db.write() as session:
        return artifacts.record_artifact(
            session,
            run_id,
            attempt,
            kind=kind,
            name=name,
            media_type="a/b",
            stored=stored,
            step=step,
        )


def test_round_trip(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    made = record(db, run_id, kind="onnx", name="folded.onnx")
    with db.read() as session:
        found = artifacts.get_artifact(session, made.id)
        assert (found.run_id, found.attempt, found.kind) == (run_id, 1, "onnx")
        assert (found.name, found.location) == ("folded.onnx", f"{run_id}/folded.onnx")
        assert (found.size, found.sha256, found.step) == (2**40, "ab" * 32, None)
        assert events.after(session, 0, run_id=run_id)[-1].kind == "run"


def test_of_a_run_oldest_first_and_checkpoints_newest_first(db: Database) -> None:
    run_id, other = run_in(db, RunStatus.RUNNING), run_in(db, RunStatus.RUNNING)
    for step in (10, 20, 30):
        record(db, run_id, name=f"at-{step}", step=step)
    record(db, run_id, kind="weights")
    record(db, other)
    with db.read() as session:
        assert [item.step for item in artifacts.artifacts_of(session, run_id)] == [10, 20, 30, None]
        assert [item.step for item in artifacts.latest_checkpoints(session, run_id)] == [30, 20, 10]


def test_a_clock_that_goes_back_does_not_make_old_checkpoints_the_newest(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    hours_ago = iter(range(10))
    hour = 3600 * 10**9
    monkeypatch.setattr("time.time_ns", lambda: 10**18 - next(hours_ago) * hour)
    record(db, run_id, name="at-10", step=10)
    record(db, run_id, name="at-20", step=20)
    with db.write() as session:
        lifecycle.hand_back(session, run_id, 1, reason="drained")
    assert claim_run(db, run_id) == 2
    for step in (5, 15):  # from the start again
        record(db, run_id, name=f"again-{step}", step=step, attempt=2)
    with db.read() as session:
        found = artifacts.latest_checkpoints(session, run_id)
    assert [(item.attempt, item.step) for item in found] == [(2, 15), (2, 5), (1, 20), (1, 10)]


def test_drop_gives_the_location(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    made = record(db, run_id)
    with db.write() as session:
        assert artifacts.drop_artifact(session, run_id, 1, made.id) == f"{run_id}/file"
    with pytest.raises(NotFoundError), db.write() as session:
        artifacts.drop_artifact(session, run_id, 1, made.id)
    with pytest.raises(NotFoundError), db.read() as session:
        artifacts.get_artifact(session, made.id)


def test_an_attempt_drops_files_of_its_own_run_alone(db: Database) -> None:
    mine, other = run_in(db, RunStatus.RUNNING), run_in(db, RunStatus.RUNNING)
    theirs = record(db, other)
    with pytest.raises(NotFoundError), db.write() as session:
        artifacts.drop_artifact(session, mine, 1, theirs.id)
    with db.read() as session:
        assert artifacts.get_artifact(session, theirs.id).run_id == other


def test_gone_with_its_run(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    made = record(db, run_id)
    with db.write() as session:
        lifecycle.succeed(session, run_id, 1)
        runs.delete_run(session, run_id)
    with db.read() as session, pytest.raises(NotFoundError):
        artifacts.get_artifact(session, made.id)


def test_an_unknown_kind_is_a_fault_of_ours(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    with pytest.raises(ValueError, match="nonsense"):
        record(db, run_id, kind="nonsense")
