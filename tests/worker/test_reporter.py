from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rscore.reporting import Progress, StopReason
from server.errors import MetricError, StaleAttemptError
from server.storage import artifacts, histograms, lifecycle, logs, metrics, runs
from server.storage.database import Database, now
from tests.support.runs import claim_run, get, make_run, reap
from tests.support.waiting import wait_until
from tests.worker.faults import FailingDatabase, FailingFiles
from worker.checkpoints import Checkpoints
from worker.lease import Lease
from worker.reporter import StorageReporter


@contextmanager
def reporting(
    db: Database, folder: Path, *, lease_seconds: float = 60
) -> Iterator[tuple[str, StorageReporter]]:
    """A claimed run and the running reporter of its attempt."""
    run_id = make_run(db)
    attempt = claim_run(db, run_id, lease_seconds=lease_seconds)
    lease = Lease(db, run_id, attempt, seconds=lease_seconds)
    files = FailingFiles(str(folder / "artifacts"))
    reporter = StorageReporter(db, lease, Checkpoints(db, files, lease))
    with lease.kept(0.05), reporter:
        yield run_id, reporter


def lines_of(db: Database, run_id: str) -> list[str]:
    with db.read() as session:
        return [line.text for line in logs.tail(session, run_id)]


def steps_of(db: Database, run_id: str, name: str) -> list[int]:
    with db.read() as session:
        (series,) = metrics.read_metrics(session, run_id, names=[name], max_points=1000)
    return series.steps


def is_expired(db: Database, run_id: str) -> bool:
    with db.read() as session:
        ends = runs.get_run(session, run_id).lease_expires_at
        return ends is not None and ends < now(session)


def hand_over(db: Database, run_id: str) -> None:
    """Let another attempt own the run."""
    with db.write() as session:
        lifecycle.hand_back(session, run_id, 1, reason="drained")
    claim_run(db, run_id)


def test_what_is_said_is_stored_soon(db: Database, tmp_path: Path) -> None:
    with reporting(db, tmp_path) as (run_id, reporter):
        reporter.log("one\ntwo")
        reporter.metrics(step=3, epoch=1, values={"batch_loss": 0.5})
        reporter.progress(Progress(epoch=0, epochs=2, step=3, steps=20))

        wait_until(lambda: get(db, run_id).progress is not None, "progress is stored")

        assert lines_of(db, run_id) == ["one", "two"]
        assert steps_of(db, run_id, "batch_loss") == [3]
        assert get(db, run_id).progress == {
            "epoch": 0,
            "epochs": 2,
            "step": 3,
            "steps": 20,
            "loss": None,
            "accuracy": None,
            "eta_seconds": None,
        }


def test_a_value_that_is_not_finite_becomes_a_line(db: Database, tmp_path: Path) -> None:
    with reporting(db, tmp_path) as (run_id, reporter):
        reporter.metrics(step=1, epoch=1, values={"good": 1.0, "bad": math.nan})
        reporter.flush()

    assert lines_of(db, run_id) == ["bad was nan at step 1; it is not kept"]
    assert get(db, run_id).summary == {"good": 1.0}


def test_distributions_are_stored_with_the_rest(db: Database, tmp_path: Path) -> None:
    with reporting(db, tmp_path) as (run_id, reporter):
        for counts in ([1, 2], [3, 4]):
            reporter.histogram(
                step=5, epoch=1, name="amplitude/conv1", low=0.0, high=2.0, counts=counts
            )
        reporter.histogram(step=5, epoch=1, name="far", low=1e30, high=1e30, counts=[1])
        reporter.flush()

    with db.read() as session:
        (found,) = histograms.read_histograms(session, run_id, ["amplitude/conv1"])
        assert histograms.histogram_names(session, run_id) == ["amplitude/conv1"]
    assert (found.steps, found.epochs, found.counts) == ([5], [1], [[3, 4]])
    assert lines_of(db, run_id) == ["far spanned 1e+30 to 1e+30 at step 5; it is not kept"]


def test_a_checkpoint_comes_after_what_was_said_before(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"weights")
    with reporting(db, tmp_path) as (run_id, reporter):
        reporter.metrics(step=10, epoch=1, values={"train_loss": 1.0})
        reporter.checkpoint(path, step=10, epoch=1)

    assert steps_of(db, run_id, "train_loss") == [10]
    with db.read() as session:
        (stored,) = artifacts.latest_checkpoints(session, run_id)
    assert (stored.step, stored.size) == (10, 7)


def test_a_superseded_attempt_writes_nothing_and_learns_it(db: Database, tmp_path: Path) -> None:
    with reporting(db, tmp_path) as (run_id, reporter):
        hand_over(db, run_id)
        reporter.log("too late")

        wait_until(
            lambda: reporter.stop_requested() is StopReason.SUPERSEDED, "the attempt learns it"
        )
        reporter.metrics(step=1, epoch=1, values={"late": 1.0})
        reporter.histogram(step=1, epoch=1, name="late", low=0.0, high=1.0, counts=[1])
        with pytest.raises(StaleAttemptError):
            reporter.flush()

    assert lines_of(db, run_id) == []
    assert get(db, run_id).summary == {}


def test_an_outage_is_waited_out(sqlite_url: str, tmp_path: Path) -> None:
    database = FailingDatabase(sqlite_url)
    with reporting(database, tmp_path) as (run_id, reporter):
        database.away = True
        for step in range(50):
            reporter.metrics(step=step, epoch=1, values={"batch_loss": 1.0})
        assert reporter.stop_requested() is None
        database.away = False
        reporter.flush()

    assert steps_of(database, run_id, "batch_loss") == list(range(50))
    database.close()


def test_an_outage_longer_than_the_lease_stops_the_work_until_it_is_over(
    sqlite_url: str, tmp_path: Path
) -> None:
    database = FailingDatabase(sqlite_url)
    answers: list[StopReason | None] = []
    with reporting(database, tmp_path, lease_seconds=0.3) as (run_id, reporter):
        database.away = True
        wait_until(lambda: is_expired(database, run_id), "the lease has run out")
        asking = threading.Thread(target=lambda: answers.append(reporter.stop_requested()))
        asking.start()
        reporter.log("said in the outage")
        before = database.refusals
        wait_until(lambda: database.refusals > before + 5, "everybody tries again")
        assert answers == []

        database.away = False
        asking.join(timeout=20)
        assert answers == [None]
        reporter.flush()
    assert lines_of(database, run_id) == ["said in the outage"]
    database.close()


def test_an_attempt_that_lost_its_run_in_an_outage_learns_it_afterwards(
    sqlite_url: str, tmp_path: Path
) -> None:
    database = FailingDatabase(sqlite_url)
    with reporting(database, tmp_path, lease_seconds=0.3) as (run_id, reporter):
        database.away = True
        wait_until(lambda: is_expired(database, run_id), "the lease has run out")
        others = Database(sqlite_url)
        assert reap(others) == [run_id]
        claim_run(others, run_id)
        others.close()
        database.away = False

        assert reporter.stop_requested() is StopReason.SUPERSEDED
        reporter.log("too late")
        with pytest.raises(StaleAttemptError):
            reporter.flush()
    database.close()


def test_a_value_that_storage_refuses_is_raised_once(db: Database, tmp_path: Path) -> None:
    with reporting(db, tmp_path) as (run_id, reporter):
        reporter.metrics(step=1, epoch=1, values={"": 1.0})
        with pytest.raises(MetricError):
            reporter.flush()
        reporter.log("the failure's story")
        reporter.flush()

    assert lines_of(db, run_id) == ["the failure's story"]


@pytest.mark.parametrize("error", [ConnectionError("no route"), OSError(28, "No space left")])
def test_a_checkpoint_that_cannot_be_stored_is_noted(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    monkeypatch.setattr("worker.checkpoints.STORE_SECONDS", 0.0)
    database = Database(sqlite_url)
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"weights")
    run_id = make_run(database)
    lease = Lease(database, run_id, claim_run(database, run_id), seconds=60)
    files = FailingFiles(str(tmp_path / "artifacts"))
    with StorageReporter(database, lease, Checkpoints(database, files, lease)) as reporter:
        files.errors = [error]
        reporter.checkpoint(path, step=4, epoch=1)
        reporter.flush()
        reporter.checkpoint(path, step=8, epoch=2)

    (line,) = lines_of(database, run_id)
    assert line.startswith("the checkpoint of step 4 (epoch 1) was not stored: ")
    assert line.endswith(f"{error}; training goes on without it")
    with database.read() as session:
        assert [item.step for item in artifacts.latest_checkpoints(session, run_id)] == [8]
    database.close()
