from __future__ import annotations

from pathlib import Path

import pytest

from rscore.errors import CheckpointError
from server.errors import StaleAttemptError
from server.storage import artifacts, lifecycle
from server.storage.database import Database
from server.storage.models import Artifact
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
        self.checkpoints = Checkpoints(db, self.files, self.run_id)
        self.lines: list[str] = []

    def store(self, step: int) -> None:
        path = self.folder / "checkpoint.safetensors"
        path.write_bytes(b"step %d" % step)
        self.checkpoints.store(path, step=step, lease=self.lease)

    def fetch(self) -> Resume:
        return self.checkpoints.fetch(self.folder, log=self.lines.append)

    def known(self) -> list[Artifact]:
        with self.db.read() as session:
            return artifacts.latest_checkpoints(session, self.run_id)

    def stored_files(self) -> int:
        return sum(path.is_file() for path in (self.folder / "artifacts").rglob("*"))

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


def test_a_superseded_attempt_leaves_no_file(bench: Bench) -> None:
    bench.store(10)
    with bench.db.write() as session:
        lifecycle.hand_back(session, bench.run_id, 1, reason="drained")

    with pytest.raises(StaleAttemptError):
        bench.store(20)

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
