"""The life of an attempt, step by step and refusal by refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from rscore.reporting import StopReason
from server.storage import lifecycle, runs, workers
from server.storage.database import Database, now
from server.storage.states import AttemptOutcome, RunStatus
from tests.support.runs import SPEC, claim_run, get, make_run, reap, run_in, wait_out
from tests.support.workers import register_worker


class TestClaim:
    def test_hands_out_attempts_with_a_lease(self, db: Database) -> None:
        run_id = make_run(db, name="mine")
        with db.write() as session:
            claim = lifecycle.claim(
                session, run_id, worker_id="w", host="h", device="cuda:1", lease_seconds=30
            )
            moment = now(session)
        assert claim == lifecycle.Claim(run_id, "mine", 1, SPEC, None)
        run = get(db, run_id)
        assert (run.status, run.attempt, run.worker_id) == ("running", 1, "w")
        assert run.started_at is not None
        assert run.lease_expires_at is not None
        assert timedelta(seconds=29) < run.lease_expires_at - moment <= timedelta(seconds=30)
        with db.read() as session:
            (attempt,) = runs.attempts_of(session, run_id)
        assert (attempt.number, attempt.outcome, attempt.host) == (1, "running", "h")
        assert (attempt.device, attempt.finished_at) == ("cuda:1", None)

    @pytest.mark.parametrize("status", [item for item in RunStatus if item != RunStatus.QUEUED])
    def test_only_a_queued_run_can_be_claimed(self, db: Database, status: RunStatus) -> None:
        run_id = run_in(db, status)
        before = get(db, run_id)
        with pytest.raises(AssertionError):
            claim_run(db, run_id)
        after = get(db, run_id)
        assert (after.status, after.attempt) == (before.status, before.attempt)

    def test_a_deleted_or_unknown_run_is_not_there(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.CANCELLED)
        with db.write() as session:
            runs.delete_run(session, run_id)
        for gone in (run_id, "run_nowhere"):
            with pytest.raises(AssertionError):
                claim_run(db, gone)

    def test_a_second_attempt_keeps_the_first_start(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        started = get(db, run_id).started_at
        with db.write() as session:
            lifecycle.hand_back(session, run_id, 1, reason="drained")
        assert claim_run(db, run_id) == 2
        run = get(db, run_id)
        assert run.started_at == started
        assert (run.reason, run.detail) == (None, None)


class TestRenew:
    def test_moves_the_lease_on(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        with db.write() as session:
            assert lifecycle.renew(session, run_id, 1, lease_seconds=60) is None
        assert reap(db) == []
        assert get(db, run_id).status == RunStatus.RUNNING

    def test_tells_of_a_cancel(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            runs.cancel_run(session, run_id)
        with db.write() as session:
            answer = lifecycle.renew(session, run_id, 1, lease_seconds=60)
        assert answer is StopReason.CANCELLED

    def test_tells_of_a_draining_worker_but_a_cancel_goes_first(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            _register(session, "worker-1")
            workers.set_draining(session, "worker-1")
        with db.write() as session:
            answer = lifecycle.renew(session, run_id, 1, lease_seconds=60)
        assert answer is StopReason.DRAINED
        with db.write() as session:
            runs.cancel_run(session, run_id)
            answer = lifecycle.renew(session, run_id, 1, lease_seconds=60)
        assert answer is StopReason.CANCELLED


class TestProgress:
    def test_is_kept_and_never_nan(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        progress = {"epoch": 1, "loss": float("nan"), "accuracy": float("inf"), "step": 9}
        with db.write() as session:
            lifecycle.save_progress(session, run_id, 1, progress)
        assert get(db, run_id).progress == {"epoch": 1, "loss": None, "accuracy": None, "step": 9}


class TestEnds:
    def test_succeed(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            lifecycle.succeed(session, run_id, 1)
        _assert_ended(db, run_id, RunStatus.SUCCEEDED, AttemptOutcome.SUCCEEDED, None)

    def test_succeed_wins_over_a_cancel_that_came_too_late(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            runs.cancel_run(session, run_id)
            lifecycle.succeed(session, run_id, 1)
        _assert_ended(db, run_id, RunStatus.SUCCEEDED, AttemptOutcome.SUCCEEDED, None)
        assert not get(db, run_id).cancel_requested

    def test_fail_keeps_its_reason_on_both(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            lifecycle.fail(session, run_id, 1, reason="loss_not_finite", detail="a\x00b" * 9000)
        _assert_ended(db, run_id, RunStatus.FAILED, AttemptOutcome.FAILED, "loss_not_finite")
        detail = get(db, run_id).detail
        assert detail is not None
        assert "\x00" not in detail
        assert len(detail) == 20_000

    def test_end_cancelled(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            lifecycle.end_cancelled(session, run_id, 1)
        _assert_ended(db, run_id, RunStatus.CANCELLED, AttemptOutcome.CANCELLED, "cancelled")


class TestHandBack:
    def test_queues_the_run_and_counts_no_loss(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        reap(db)
        claim_run(db, run_id)
        with db.write() as session:
            lifecycle.mark_woken(session, [run_id])
            lifecycle.hand_back(session, run_id, 2, reason="drained")
        run = get(db, run_id)
        assert (run.status, run.reason, run.lost, run.woken_at) == ("queued", "drained", 1, None)
        with db.read() as session:
            outcomes = [item.outcome for item in runs.attempts_of(session, run_id)]
        assert outcomes == ["lost", "drained"]

    def test_the_next_worker_need_not_wait(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        reap(db, backoff=60)
        wait_out(db, run_id)
        claim_run(db, run_id)
        with db.write() as session:
            lifecycle.hand_back(session, run_id, 2, reason="drained")
        assert get(db, run_id).not_before is None
        assert claim_run(db, run_id) == 3

    def test_a_worker_gives_back_its_own_runs_and_no_others(self, db: Database) -> None:
        waiting, mine, unwanted, theirs = (make_run(db) for _ in range(4))
        for run_id in (mine, unwanted):
            claim_run(db, run_id, worker_id="me")
        claim_run(db, theirs, worker_id="them")
        with db.write() as session:
            runs.cancel_run(session, unwanted)
        with db.write() as session:
            given = lifecycle.hand_back_all(session, "me", reason="drained")
        assert given == [mine, unwanted]
        assert [get(db, run_id).status for run_id in (waiting, mine, unwanted, theirs)] == [
            "queued",
            "queued",
            "cancelled",
            "running",
        ]
        assert get(db, mine).reason == "drained"

    def test_a_run_to_be_cancelled_ends(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            runs.cancel_run(session, run_id)
            lifecycle.hand_back(session, run_id, 1, reason="drained")
        _assert_ended(db, run_id, RunStatus.CANCELLED, AttemptOutcome.CANCELLED, "cancelled")


class TestWaking:
    def test_in_the_order_of_the_queue_and_not_twice(self, db: Database) -> None:
        old, new = make_run(db), make_run(db)
        urgent = make_run(db, priority=1)
        run_in(db, RunStatus.RUNNING)
        run_in(db, RunStatus.PAUSED)
        deleted = run_in(db, RunStatus.CANCELLED)
        with db.write() as session:
            runs.delete_run(session, deleted)
        assert _due(db, again_seconds=60) == [urgent, old, new]
        assert _due(db, again_seconds=60, limit=2) == [urgent, old]
        with db.write() as session:
            lifecycle.mark_woken(session, [urgent, old])
        assert _due(db, again_seconds=60) == [new]
        assert _due(db, again_seconds=-1) == [urgent, old, new]

    def test_not_before_the_back_off_is_over(self, db: Database) -> None:
        lost, other = make_run(db, priority=1), make_run(db)
        claim_run(db, lost, lease_seconds=-1)
        reap(db, backoff=60)
        assert _due(db, again_seconds=60) == [other]
        wait_out(db, lost)
        assert _due(db, again_seconds=60) == [lost, other]

    def test_marking_a_run_that_was_claimed_meanwhile_does_nothing(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            lifecycle.mark_woken(session, [run_id, "run_nowhere"])
        assert get(db, run_id).woken_at is None


def _due(db: Database, *, again_seconds: float, limit: int = 10) -> list[str]:
    with db.read() as session:
        return lifecycle.due_to_wake(session, again_seconds=again_seconds, limit=limit)


def _register(session: Session, worker_id: str) -> None:
    register_worker(session, worker_id)


def _assert_ended(
    db: Database, run_id: str, status: RunStatus, outcome: AttemptOutcome, reason: str | None
) -> None:
    run = get(db, run_id)
    assert (run.status, run.reason) == (status, reason)
    assert run.finished_at is not None
    assert (run.worker_id, run.lease_expires_at) == (None, None)
    with db.read() as session:
        attempt = runs.attempts_of(session, run_id)[-1]
    assert (attempt.outcome, attempt.reason) == (outcome, reason)
    assert attempt.finished_at is not None
