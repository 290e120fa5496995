"""Figures of the whole service, on each database."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from server.storage import figures, heartbeats, lifecycle, metrics, retention, runs, workers
from server.storage.artifact_files import ArtifactFiles
from server.storage.clock import now
from server.storage.database import Database
from server.storage.figures import Figures
from server.storage.models import Attempt, Run, Worker
from server.storage.states import RunStatus
from tests.support.runs import claim_run, make_run, run_in
from tests.support.workers import register_worker


def taken(db: Database) -> Figures:
    with db.read() as session:
        return figures.snapshot(session, lost_after=20)


def change(db: Database, run_id: str, **seconds_ago: float) -> None:
    """Move moments of a run into the past."""
    with db.write() as session:
        moment = now(session)
        moved = {name: moment - timedelta(seconds=ago) for name, ago in seconds_ago.items()}
        session.execute(update(Run).where(Run.id == run_id).values(**moved))


def add_worker(db: Database, worker_id: str, *, slots: int = 1, silent: float = 0) -> None:
    with db.write() as session:
        register_worker(session, worker_id, slots=slots)
        seen = now(session) - timedelta(seconds=silent)
        session.execute(update(Worker).where(Worker.id == worker_id).values(seen_at=seen))


def test_a_service_without_anything(db: Database) -> None:
    found = taken(db)
    assert (found.runs, found.workers, found.attempts, found.durations) == ({}, {}, {}, {})
    assert (found.queue, found.ingest_lag_seconds) == (figures.Queue(0, 0, 0, 0.0), 0.0)
    assert found.scheduler_silence_seconds == float("inf")


def test_runs_by_status_without_deleted_ones(db: Database) -> None:
    for status in RunStatus:
        run_in(db, status)
    gone = run_in(db, RunStatus.FAILED)
    with db.write() as session:
        runs.delete_run(session, gone)
    assert taken(db).runs == dict.fromkeys(map(str, RunStatus), 1)


def test_a_run_in_its_back_off_is_not_the_oldest(db: Database) -> None:
    change(db, make_run(db), created_at=900, not_before=-60)
    assert taken(db).queue == figures.Queue(waiting=0, backing_off=1, held=0, oldest_seconds=0.0)
    change(db, make_run(db), created_at=500, not_before=200)
    change(db, make_run(db), created_at=90)
    queue = taken(db).queue
    assert (queue.waiting, queue.backing_off) == (2, 1)
    assert 200 <= queue.oldest_seconds < 300


def test_a_run_that_came_back_waits_since_then(db: Database) -> None:
    run_id = make_run(db)
    attempt = claim_run(db, run_id)
    change(db, run_id, created_at=9000)
    with db.write() as session:
        lifecycle.hand_back(session, run_id, attempt, reason="drained")
    assert taken(db).queue.waiting == 1
    assert taken(db).queue.oldest_seconds < 600
    change(db, run_id, queued_at=700)
    assert taken(db).queue.oldest_seconds >= 700


def test_workers_and_their_slots(db: Database) -> None:
    add_worker(db, "a", slots=3)
    add_worker(db, "silent", silent=60)
    add_worker(db, "forgotten", silent=2 * 86_400)
    add_worker(db, "over")
    with db.write() as session:
        workers.stopped(session, "over")
    claim_run(db, make_run(db), worker_id="a")
    found = taken(db)
    assert found.workers == {"alive": 1, "lost": 1}
    assert (found.slots, found.free_slots) == (3, 2)


def test_durations_reach_from_the_first_attempt_to_the_end(db: Database) -> None:
    run_id = make_run(db)
    first = claim_run(db, run_id)
    with db.write() as session:
        lifecycle.hand_back(session, run_id, first, reason="drained")
    second = claim_run(db, run_id)
    with db.write() as session:
        lifecycle.fail(session, run_id, second, reason="loss_not_finite", detail="NaN")
        started = now(session) - timedelta(seconds=100)
        session.execute(
            update(Attempt)
            .where(Attempt.run_id == run_id, Attempt.number == first)
            .values(started_at=started)
        )
    failed = taken(db).durations["failed"]
    assert 99_000 <= failed.milliseconds < 160_000
    assert dict(zip(figures.DURATION_BOUNDS, failed.at_most, strict=True))[60] == 0
    assert dict(zip(figures.DURATION_BOUNDS, failed.at_most, strict=True))[300] == 1
    assert taken(db).attempts == {"drained": 1, "failed": 1}

    with db.write() as session:
        runs.retry_run(session, run_id)

    assert taken(db).durations["failed"] == failed  # a total never shrinks
    assert taken(db).runs == {"queued": 1}


def test_totals_outlive_a_purge(db: Database, tmp_path: Path) -> None:
    run_id = run_in(db, RunStatus.SUCCEEDED)
    with db.write() as session:
        session.execute(update(Attempt).where(Attempt.run_id == run_id).values(refused=4))
    before = taken(db)
    assert (before.attempts, before.refused_writes) == ({"succeeded": 1}, 4)
    with db.write() as session:
        runs.delete_run(session, run_id)
    files = ArtifactFiles(str(tmp_path))
    planned = retention.plan(db, timedelta(0))
    assert [run.id for run in retention.carry_out(db, files, planned)] == [run_id]
    with db.read() as session:
        assert session.get(Run, run_id) is None
    after = taken(db)
    assert (after.attempts, after.refused_writes) == ({"succeeded": 1}, 4)
    assert after.durations == before.durations


def test_ingest_lag_is_the_time_since_the_newest_metric(db: Database) -> None:
    quiet, busy = make_run(db), make_run(db)
    for run_id in (quiet, busy):
        attempt = claim_run(db, run_id)
        with db.write() as session:
            started = now(session) - timedelta(seconds=400)
            session.execute(
                update(Attempt).where(Attempt.run_id == run_id).values(started_at=started)
            )
    with db.write() as session:
        metrics.write_metrics(session, busy, [("loss", 1, 1, 0.5)], attempt=attempt)
    with db.read() as session:
        lags = dict(figures.ingest_lags(session, now(session)))
    assert lags[quiet] >= 400
    assert lags[busy] < 300
    assert taken(db).ingest_lag_seconds >= 400


def test_the_scheduler_beats(db: Database) -> None:
    for _ in range(2):
        with db.write() as session:
            heartbeats.beat(session, heartbeats.SCHEDULER)
    assert taken(db).scheduler_silence_seconds < heartbeats.LOST_SECONDS


@pytest.mark.parametrize(("pause", "lost"), [(1.0, 30.0), (60.0, 180.0)])
def test_a_slow_scheduler_is_given_time(pause: float, lost: float) -> None:
    assert heartbeats.lost_after(pause) == lost
