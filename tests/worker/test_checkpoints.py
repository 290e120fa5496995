from __future__ import annotations

from pathlib import Path

import pytest

from rscore.errors import CheckpointError
from server.errors import StaleAttemptError
from server.storage import artifacts, lifecycle
from server.storage.database import Database
from server.storage.models import Artifact
from server.storage.sweep import sweep_attempt
from tests.support.runs import claim_run, make_run
from tests.worker.faults import FailingFiles
from worker.checkpoints import Checkpoints, Resume
from worker.lease import Lease


class Bench:
    """A claimed run with its checkpoints."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.folder = folder
        self.files = FailingFiles(str(folder / "artifacts"))
        self.run_id = make_run(db)
        self.lease = Lease(db, self.run_id, claim_run(db, self.run_id), seconds=60)
        self.checkpoints = Checkpoints(db, self.files, self.lease)
        self.lines: list[str] = []

    def store(self, step: int, content: bytes | None = None) -> None:
        path = self.folder / "checkpoint.safetensors"
        path.write_bytes(content or b"step %d" % step)
        self.checkpoints.store(path, step=step)

    def fetch(self) -> Resume:
        return self.checkpoints.fetch(self.folder, log=self.lines.append)

    def known(self) -> list[Artifact]:
        with self.db.read() as session:
            return artifacts.latest_checkpoints(session, self.run_id)

    def stored_files(self) -> int:
        return sum(path.is_file() for path in (self.folder / "artifacts").rglob("*"))

    def hand_over(self) -> None:
        """Let another attempt own the run."""
        with self.db.write() as session:
            lifecycle.hand_back(session, self.run_id, 1, reason="drained")
        claim_run(self.db, self.run_id)

    def damage(self, artifact: Artifact) -> None:
        (self.folder / "artifacts" / artifact.location).write_bytes(b"not this")


@pytest.fixture
def bench(db: Database, tmp_path: Path) -> Bench:
    return Bench(db, tmp_path)


def test_a_run_without_checkpoints_starts_at_its_beginning(bench: Bench) -> None:
    assert bench.fetch() == Resume(None, 0)


def test_the_last_two_are_kept(bench: Bench) -> None:
    for step in (10, 20, 30):
        bench.store(step)

    assert [item.step for item in bench.known()] == [30, 20]
    assert bench.stored_files() == 2


def test_the_newest_is_fetched(bench: Bench) -> None:
    bench.store(10)
    bench.store(20)

    resume = bench.fetch()

    assert resume.step == 20
    assert resume.path is not None
    assert resume.path.read_bytes() == b"step 20"


def test_a_damaged_one_falls_back_to_the_one_before(bench: Bench) -> None:
    bench.store(10)
    bench.store(20)
    bench.damage(bench.known()[0])

    assert bench.fetch().step == 10
    assert bench.lines == [
        "the checkpoint of step 20 is damaged (its hash is wrong); trying the one before it"
    ]
    assert [item.step for item in bench.known()] == [10]


def test_without_any_whole_one_a_retry_starts_afresh(bench: Bench) -> None:
    bench.store(10)
    bench.store(20)
    bench.damage(bench.known()[0])
    bench.files.delete(bench.known()[1].location)

    with pytest.raises(CheckpointError, match="starts from the beginning"):
        bench.fetch()

    assert bench.fetch() == Resume(None, 0)
    assert "is gone" in bench.lines[1]


def test_a_superseded_attempt_stores_nothing(bench: Bench) -> None:
    bench.store(10)
    bench.hand_over()
    bench.lease.renew()

    with pytest.raises(StaleAttemptError):
        bench.store(20)

    assert [item.step for item in bench.known()] == [10]
    assert bench.stored_files() == 1


def test_a_checkpoint_uploaded_as_the_run_was_lost_is_recorded_nowhere(bench: Bench) -> None:
    bench.store(10)
    bench.hand_over()

    with pytest.raises(StaleAttemptError):
        bench.store(20)

    assert [item.step for item in bench.known()] == [10]
    swept = sweep_attempt(bench.db, bench.files, bench.run_id, 1)
    assert swept == [f"{bench.run_id}/attempt-1/checkpoint-20.safetensors"]
    assert bench.stored_files() == 1


def test_a_record_that_was_made_unnoticed_is_not_made_twice(bench: Bench) -> None:
    bench.store(10)
    bench.store(20)

    bench.store(20)

    assert [item.step for item in bench.known()] == [20, 10]
    assert bench.stored_files() == 2


def test_another_checkpoint_of_the_same_step_takes_the_place_of_the_first(bench: Bench) -> None:
    bench.store(10)
    bench.store(20, content=b"first")
    bench.store(20, content=b"second")

    assert [item.step for item in bench.known()] == [20, 10]
    assert bench.fetch().step == 20
    assert bench.lines == []


def test_a_superseded_attempt_drops_nothing(bench: Bench) -> None:
    bench.store(10)
    bench.hand_over()

    with pytest.raises(StaleAttemptError):
        bench.checkpoints.drop()

    assert [item.step for item in bench.known()] == [10]
    assert bench.stored_files() == 1


def test_an_upload_that_fails_at_first_is_tried_again(bench: Bench) -> None:
    bench.files.errors = [ConnectionError("reset")]

    bench.store(10)

    assert [item.step for item in bench.known()] == [10]


def test_all_are_dropped_at_the_end(bench: Bench) -> None:
    bench.store(10)
    bench.store(20)

    bench.checkpoints.drop()

    assert bench.known() == []
    assert bench.stored_files() == 0
