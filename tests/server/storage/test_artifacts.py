"""Artifacts: rows about stored files."""

from __future__ import annotations

import pytest

from server.errors import NotFoundError
from server.storage import artifacts, events, lifecycle, runs
from server.storage.artifacts import StoredFile
from server.storage.database import Database
from server.storage.models import Artifact
from server.storage.states import RunStatus
from tests.support.runs import run_in


def record(
    db: Database, run_id: str, kind: str = "checkpoint", name: str = "file", step: int | None = None
) -> Artifact:
    stored = StoredFile(f"{run_id}/{name}", 2**40, "ab" * 32)
    with db.write() as session:
        return artifacts.record_artifact(
            session, run_id, 1, kind=kind, name=name, media_type="a/b", stored=stored, step=step
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
    for step in (30, 10, 20):  # a restart from nothing goes back in steps
        record(db, run_id, name=f"at-{step}", step=step)
    record(db, run_id, kind="weights")
    record(db, other)
    with db.read() as session:
        assert [item.step for item in artifacts.artifacts_of(session, run_id)] == [30, 10, 20, None]
        assert [item.step for item in artifacts.latest_checkpoints(session, run_id)] == [20, 10, 30]


def test_drop_gives_the_location(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    made = record(db, run_id)
    with db.write() as session:
        assert artifacts.drop_artifact(session, made.id) == f"{run_id}/file"
    for action in (artifacts.get_artifact, artifacts.drop_artifact):
        with pytest.raises(NotFoundError), db.write() as session:
            action(session, made.id)


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
