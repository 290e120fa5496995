"""Every write of a worker is refused, and changes nothing, once its attempt is stale."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server import storage
from server.errors import StaleAttemptError
from server.storage import (
    artifacts,
    folded_models,
    histograms,
    leases,
    lifecycle,
    logs,
    metrics,
    runs,
)
from server.storage.artifacts import StoredFile
from server.storage.database import Database
from server.storage.models import Artifact
from server.storage.states import RunStatus
from tests.support.rows import all_rows
from tests.support.runs import claim_run, expire, make_run, reap, report_death, run_in

Write = Callable[[Session, str, int], Any]

BINS = histograms.Bins("amplitude", 9, 1, 0.0, 1.0, [1, 2])
STORED = StoredFile("some/key", 3, "0" * 64)


def record(session: Session, run_id: str, attempt: int, kind: str = "onnx") -> Artifact:
    return artifacts.record_artifact(
        session, run_id, attempt, kind=kind, name="a", media_type="a/b", stored=STORED
    )


def drop(session: Session, run_id: str, attempt: int) -> None:
    """Drop the run's only file, as one that was damaged, or too old a checkpoint."""
    known = artifacts.artifacts_of(session, run_id)
    artifacts.drop_artifact(session, run_id, attempt, known[0].id if known else "art_nowhere")


WRITES: dict[str, Write] = {
    "set_resumed": lambda s, run, n: lifecycle.set_resumed(s, run, n, 0),
    "renew": lambda s, run, n: lifecycle.renew(s, run, n, lease_seconds=60),
    "save_progress": lambda s, run, n: lifecycle.save_progress(s, run, n, {"epoch": 1}),
    "succeed": lifecycle.succeed,
    "fail": lambda s, run, n: lifecycle.fail(s, run, n, reason="r", detail="d"),
    "end_cancelled": lifecycle.end_cancelled,
    "hand_back": lambda s, run, n: lifecycle.hand_back(s, run, n, reason="drained"),
    "write_metrics": lambda s, run, n: metrics.write_metrics(s, run, [("a", 1, 1, 1)], attempt=n),
    "write_histograms": lambda s, run, n: histograms.write_histograms(s, run, [BINS], attempt=n),
    "append": lambda s, run, n: logs.append(s, run, n, ["line"]),
    "record_artifact": record,
    "drop_artifact": drop,
    "register": lambda s, run, n: folded_models.register(
        s, run, n, name="a", verdict="exact", certificate={}, test_acc=None
    ),
}


def is_refused(db: Database, write: Write, run_id: str, attempt: int) -> bool:
    try:
        with db.write() as session:
            write(session, run_id, attempt)
    except StaleAttemptError:
        return True
    return False


FENCE = {"lock_owned"}
REPORTS = {"report_death", "note_refused", "judge"}
"""These speak of an attempt that may be gone already: no error, but the run stays untouched."""


def superseded(db: Database, run_id: str) -> None:
    expire(db, run_id)
    reap(db)
    assert claim_run(db, run_id, worker_id="worker-2") == 2


def reaped(db: Database, run_id: str) -> None:
    expire(db, run_id)
    assert reap(db, backoff=60) == [run_id]


def died(db: Database, run_id: str) -> None:
    assert report_death(db, run_id, 1)


def poisoned(db: Database, run_id: str) -> None:
    assert not report_death(db, run_id, 1, max_lost=1)


def handed_back(db: Database, run_id: str) -> None:
    with db.write() as session:
        lifecycle.hand_back(session, run_id, 1, reason="drained")


def cancelled(db: Database, run_id: str) -> None:
    with db.write() as session:
        runs.cancel_run(session, run_id)
    expire(db, run_id)
    assert reap(db) == []


def retried(db: Database, run_id: str) -> None:
    cancelled(db, run_id)
    with db.write() as session:
        runs.retry_run(session, run_id)


def failed(db: Database, run_id: str) -> None:
    with db.write() as session:
        lifecycle.fail(session, run_id, 1, reason="loss_not_finite", detail="NaN")


def succeeded(db: Database, run_id: str) -> None:
    with db.write() as session:
        lifecycle.succeed(session, run_id, 1)


def deleted(db: Database, run_id: str) -> None:
    cancelled(db, run_id)
    with db.write() as session:
        runs.delete_run(session, run_id)


WAYS = (
    superseded,
    reaped,
    died,
    poisoned,
    handed_back,
    cancelled,
    retried,
    failed,
    succeeded,
    deleted,
)


@pytest.fixture
def run_id(db: Database) -> str:
    """A run that attempt 1 owns and has written to."""
    run_id = run_in(db, RunStatus.RUNNING)
    with db.write() as session:
        metrics.write_metrics(session, run_id, [("a", 1, 1, 0.5), ("a", 2, 1, 0.25)], attempt=1)
        record(session, run_id, 1, kind="checkpoint")
    return run_id


@pytest.mark.parametrize("name", WRITES)
def test_the_owner_may_write(db: Database, run_id: str, name: str) -> None:
    before = all_rows(db)
    with db.write() as session:
        WRITES[name](session, run_id, 1)
    assert all_rows(db) != before


@pytest.mark.parametrize("way", WAYS)
def test_a_stale_attempt_changes_nothing(
    db: Database, run_id: str, way: Callable[[Database, str], None]
) -> None:
    way(db, run_id)
    before = all_rows(db)
    for name, write in WRITES.items():
        assert is_refused(db, write, run_id, 1), f"{name} of a {way.__name__} attempt went through"
        assert all_rows(db) == before, f"{name} of a {way.__name__} attempt changed something"


@pytest.mark.parametrize("way", WAYS)
def test_a_parent_renews_no_lease_of_a_stale_child(
    db: Database, run_id: str, way: Callable[[Database, str], None]
) -> None:
    way(db, run_id)
    before = all_rows(db)
    with db.write() as session:
        leases.renew_all(session, {(run_id, 1), ("run_nowhere", 1)}, lease_seconds=60)
        assert leases.owners(session, {(run_id, 1)}) == set()
    assert all_rows(db) == before


@pytest.mark.parametrize("way", WAYS)
def test_nor_does_an_attempt_that_is_yet_to_be(
    db: Database, run_id: str, way: Callable[[Database, str], None]
) -> None:
    way(db, run_id)
    before = all_rows(db)
    for attempt in (0, -1, 3):
        assert all(is_refused(db, write, run_id, attempt) for write in WRITES.values())
    assert all_rows(db) == before


def test_nor_one_of_a_run_that_is_not_there(db: Database) -> None:
    before = all_rows(db)
    assert all(is_refused(db, write, "run_nowhere", 1) for write in WRITES.values())
    assert all_rows(db) == before


def test_a_refused_write_takes_everything_in_its_transaction_with_it(db: Database) -> None:
    mine, lost = make_run(db), make_run(db)
    claim_run(db, mine)
    claim_run(db, lost)
    report_death(db, lost, 1)
    before = all_rows(db)

    def both(session: Session, run_id: str, attempt: int) -> None:
        metrics.write_metrics(session, mine, [("a", 1, 1, 1)], attempt=1)
        metrics.write_metrics(session, run_id, [("a", 1, 1, 1)], attempt=attempt)

    assert is_refused(db, both, lost, 1)
    assert all_rows(db) == before


def test_every_function_that_takes_an_attempt_is_proven_here() -> None:
    modules = [
        importlib.import_module(f"{storage.__name__}.{each.name}")
        for each in pkgutil.iter_modules(storage.__path__)
    ]
    taking = {
        name
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_")
        and function.__module__ == module.__name__
        and "attempt" in inspect.signature(function).parameters
    }
    assert taking == set(WRITES) | REPORTS | FENCE
