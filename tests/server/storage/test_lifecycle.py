"""The life of an attempt, step by step and refusal by refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from rscore.reporting import StopReason
from server.errors import StaleAttemptError
from server.storage import artifacts, folded_models, lifecycle, logs, metrics, runs, workers
from server.storage.artifacts import StoredFile
from server.storage.database import Database, now
from server.storage.states import AttemptOutcome, RunStatus
from tests.support.runs import SPEC, claim_run, get, make_run, run_in

STORED = StoredFile("some/key", 3, "0" * 64)

Write = Callable[[Session, str, int], Any]

WRITES: dict[str, Write] = {
    "set_resumed": lambda s, run, n: lifecycle.set_resumed(s, run, n, 0),
    "renew": lambda s, run, n: lifecycle.renew(s, run, n, lease_seconds=60),
    "save_progress": lambda s, run, n: lifecycle.save_progress(s, run, n, {"epoch": 1}),
    "succeed": lifecycle.succeed,
    "fail": lambda s, run, n: lifecycle.fail(s, run, n, reason="r", detail="d"),
    "end_cancelled": lifecycle.end_cancelled,
    "hand_back": lambda s, run, n: lifecycle.hand_back(s, run, n, reason="drained"),
    "write_metrics": lambda s, run, n: metrics.write_metrics(s, run, [("a", 1, 1, 1)], attempt=n),
    "append": lambda s, run, n: logs.append(s, run, n, ["line"]),
    "record_artifact": lambda s, run, n: artifacts.record_artifact(
        s, run, n, kind="onnx", name="a", media_type="a/b", stored=STORED
    ),
    "register": lambda s, run, n: folded_models.register(
        s, run, n, name="a", verdict="exact", certificate={}, test_acc=None
    ),
}


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


@pytest.mark.parametrize("name", WRITES)
class TestFencing:
    def test_the_owner_may_write(self, db: Database, name: str) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            WRITES[name](session, run_id, 1)

    def test_a_superseded_attempt_may_not(self, db: Database, name: str) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        with db.write() as session:
            assert lifecycle.reap_expired(session, max_lost=3) == [run_id]
        for stale in (1, 2):  # 2: not claimed again yet
            with pytest.raises(StaleAttemptError), db.write() as session:
                WRITES[name](session, run_id, stale)
        assert claim_run(db, run_id, worker_id="worker-2") == 2
        with pytest.raises(StaleAttemptError, match="attempt 1 no longer owns"):
            self._write(db, name, run_id)
        assert get(db, run_id).worker_id == "worker-2"

    def test_an_ended_run_takes_no_more(self, db: Database, name: str) -> None:
        for status in (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED):
            run_id = run_in(db, status)
            with pytest.raises(StaleAttemptError):
                self._write(db, name, run_id)
            assert get(db, run_id).status == status

    def test_nor_does_one_that_is_not_there(self, db: Database, name: str) -> None:
        with pytest.raises(StaleAttemptError):
            self._write(db, name, "run_nowhere")

    def _write(self, db: Database, name: str, run_id: str) -> None:
        with db.write() as session:
            WRITES[name](session, run_id, 1)


class TestRenew:
    def test_moves_the_lease_on(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        with db.write() as session:
            assert lifecycle.renew(session, run_id, 1, lease_seconds=60) is None
        with db.write() as session:
            assert lifecycle.reap_expired(session, max_lost=3) == []
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
        with db.write() as session:
            lifecycle.reap_expired(session, max_lost=3)
        claim_run(db, run_id)
        with db.write() as session:
            lifecycle.mark_woken(session, [run_id])
            lifecycle.hand_back(session, run_id, 2, reason="drained")
        run = get(db, run_id)
        assert (run.status, run.reason, run.lost, run.woken_at) == ("queued", "drained", 1, None)
        with db.read() as session:
            outcomes = [item.outcome for item in runs.attempts_of(session, run_id)]
        assert outcomes == ["lost", "drained"]

    def test_a_run_to_be_cancelled_ends(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            runs.cancel_run(session, run_id)
            lifecycle.hand_back(session, run_id, 1, reason="drained")
        _assert_ended(db, run_id, RunStatus.CANCELLED, AttemptOutcome.CANCELLED, "cancelled")


class TestReap:
    def test_only_expired_leases(self, db: Database) -> None:
        expired, alive = make_run(db), make_run(db)
        claim_run(db, expired, lease_seconds=-1)
        claim_run(db, alive, lease_seconds=60)
        waiting = make_run(db)
        with db.write() as session:
            assert lifecycle.reap_expired(session, max_lost=3) == [expired]
        run = get(db, expired)
        assert (run.status, run.reason, run.lost, run.woken_at) == ("queued", "lost", 1, None)
        assert run.detail is not None
        assert "worker-1 on host-1" in run.detail
        assert get(db, alive).status == RunStatus.RUNNING
        assert get(db, waiting).lost == 0
        with db.read() as session:
            (attempt,) = runs.attempts_of(session, expired)
        assert (attempt.outcome, attempt.reason) == ("lost", "lost")
        assert attempt.finished_at is not None

    def test_twice_does_nothing_more(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        with db.write() as session:
            lifecycle.reap_expired(session, max_lost=3)
            assert lifecycle.reap_expired(session, max_lost=3) == []
        assert get(db, run_id).lost == 1

    def test_a_cancelled_run_ends_with_its_lost_worker(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        with db.write() as session:
            runs.cancel_run(session, run_id)
        with db.write() as session:
            assert lifecycle.reap_expired(session, max_lost=3) == []
        _assert_ended(db, run_id, RunStatus.CANCELLED, AttemptOutcome.LOST, "cancelled")

    def test_poison_names_the_attempts_that_died(self, db: Database) -> None:
        run_id = make_run(db)
        for number in (1, 2, 3):
            assert claim_run(db, run_id, worker_id=f"w{number}", lease_seconds=-1) == number
            with db.write() as session:
                queued = lifecycle.reap_expired(session, max_lost=3)
            assert queued == ([run_id] if number < 3 else [])
        run = get(db, run_id)
        assert (run.status, run.reason, run.lost) == ("failed", "poison", 3)
        assert run.detail is not None
        for number in (1, 2, 3):
            assert f"attempt {number} on w{number} (host-1, cpu)" in run.detail

    def test_a_checkpoint_starts_the_count_anew_but_progress_does_not(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        with db.write() as session:
            lifecycle.reap_expired(session, max_lost=2)
        claim_run(db, run_id, lease_seconds=-1)
        with db.write() as session:
            lifecycle.save_progress(session, run_id, 2, {"epoch": 1})
            WRITES["record_artifact"](session, run_id, 2)
        assert get(db, run_id).lost == 1
        with db.write() as session:
            artifacts.record_artifact(
                session, run_id, 2, kind="checkpoint", name="c", media_type="a/b", stored=STORED
            )
        assert get(db, run_id).lost == 0
        with db.write() as session:
            assert lifecycle.reap_expired(session, max_lost=2) == [run_id]


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

    def test_marking_a_run_that_was_claimed_meanwhile_does_nothing(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            lifecycle.mark_woken(session, [run_id, "run_nowhere"])
        assert get(db, run_id).woken_at is None


def _due(db: Database, *, again_seconds: float, limit: int = 10) -> list[str]:
    with db.read() as session:
        return lifecycle.due_to_wake(session, again_seconds=again_seconds, limit=limit)


def _register(session: Session, worker_id: str) -> None:
    workers.register(
        session,
        worker_id=worker_id,
        host="h",
        pid=1,
        device="cpu",
        slots=1,
        versions={},
        datasets={},
    )


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
