"""What becomes of a run that loses its worker: back-off, poison, and what its log tells."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.storage import artifacts, lifecycle, logs, losses, runs
from server.storage.artifacts import StoredFile
from server.storage.database import Database, now
from server.storage.models import Attempt
from server.storage.states import ArtifactKind, RunStatus
from tests.support.rows import all_rows
from tests.support.runs import (
    claim_run,
    get,
    make_run,
    reap,
    report_death,
    run_in,
    wait_out,
)

KILLED = "signal 9 (SIGKILL)"


def attempts_of(db: Database, run_id: str) -> list[Attempt]:
    with db.read() as session:
        return runs.attempts_of(session, run_id)


def log_of(db: Database, run_id: str) -> list[tuple[int, str]]:
    with db.read() as session:
        return [(line.attempt, line.text) for line in logs.tail(session, run_id)]


def record(db: Database, run_id: str, attempt: int, kind: ArtifactKind) -> None:
    with db.write() as session:
        artifacts.record_artifact(
            session,
            run_id,
            attempt,
            kind=kind,
            name="file",
            media_type="a/b",
            stored=StoredFile("some/key", 3, "0" * 64),
        )


class TestReap:
    def test_only_expired_leases(self, db: Database) -> None:
        expired, alive = make_run(db), make_run(db)
        claim_run(db, expired, lease_seconds=-1)
        claim_run(db, alive, lease_seconds=60)
        waiting = make_run(db)
        assert reap(db) == [expired]
        run = get(db, expired)
        assert (run.status, run.reason, run.lost, run.woken_at) == ("queued", "lost", 1, None)
        assert run.detail is not None
        assert "worker-1 (host-1) fell silent" in run.detail
        assert get(db, alive).status == RunStatus.RUNNING
        assert get(db, waiting).lost == 0
        (attempt,) = attempts_of(db, expired)
        assert (attempt.outcome, attempt.reason, attempt.exit) == ("lost", "lost", None)
        assert attempt.finished_at is not None

    def test_twice_does_nothing_more(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        reap(db)
        assert reap(db) == []
        assert get(db, run_id).lost == 1

    def test_a_cancelled_run_ends_with_its_lost_worker(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        with db.write() as session:
            runs.cancel_run(session, run_id)
        assert reap(db, backoff=60) == []
        run = get(db, run_id)
        assert (run.status, run.reason, run.not_before) == ("cancelled", "cancelled", None)
        (attempt,) = attempts_of(db, run_id)
        assert (attempt.outcome, attempt.reason) == ("lost", "cancelled")
        assert log_of(db, run_id)[-1][1].endswith("was to be cancelled, so it has ended")


class TestReportDeath:
    def test_is_a_loss_at_once_that_says_how(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=3600)
        assert report_death(db, run_id, 1, KILLED)
        run = get(db, run_id)
        assert (run.status, run.reason, run.lost) == ("queued", "lost", 1)
        assert (run.worker_id, run.lease_expires_at) == (None, None)
        assert run.detail is not None
        assert f"worker-1 (host-1) died of {KILLED}" in run.detail
        (attempt,) = attempts_of(db, run_id)
        assert (attempt.outcome, attempt.reason, attempt.exit) == ("lost", "lost", KILLED)

    def test_a_cancelled_run_ends(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            runs.cancel_run(session, run_id)
        assert not report_death(db, run_id, 1)
        assert get(db, run_id).status == RunStatus.CANCELLED

    def test_of_an_attempt_that_was_reaped_already_keeps_how_it_ended(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        reap(db)
        claim_run(db, run_id, worker_id="worker-2")
        before = get(db, run_id)
        assert not report_death(db, run_id, 1, KILLED)
        assert not report_death(db, run_id, 1, "exit code 1")  # the first says it
        assert [item.exit for item in attempts_of(db, run_id)] == [KILLED, None]
        after = get(db, run_id)
        assert (after.status, after.attempt, after.lost) == ("running", 2, 1)
        assert after.lease_expires_at == before.lease_expires_at

    @pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED])
    def test_after_the_end_changes_nothing(self, db: Database, status: RunStatus) -> None:
        run_id = run_in(db, status)
        before = all_rows(db)
        assert not report_death(db, run_id, 1)
        assert not report_death(db, run_id, 2)
        assert not report_death(db, "run_nowhere", 1)
        assert all_rows(db) == before

    def test_what_it_says_is_made_storable(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        report_death(db, run_id, 1, "a\x00b" * 200)
        (attempt,) = attempts_of(db, run_id)
        assert attempt.exit is not None
        assert "\x00" not in attempt.exit
        assert len(attempt.exit) == 200


class TestBackOff:
    def test_each_loss_waits_four_times_as_long(self) -> None:
        assert [losses.backoff_seconds(lost, 2.0) for lost in (1, 2, 3, 4, 5, 100)] == [
            2,
            8,
            32,
            128,
            300,
            300,
        ]
        assert losses.backoff_seconds(100, 0) == 0

    def test_nobody_claims_before_it_is_over(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        assert reap(db, backoff=60) == [run_id]
        with db.read() as session:
            ahead = runs.get_run(session, run_id).not_before
            assert ahead is not None
            assert timedelta(seconds=50) < ahead - now(session) <= timedelta(seconds=60)
        with pytest.raises(AssertionError):
            claim_run(db, run_id)
        wait_out(db, run_id)
        assert claim_run(db, run_id) == 2
        assert get(db, run_id).not_before is None

    def test_grows_with_the_attempts_lost_in_a_row(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id)
        report_death(db, run_id, 1, backoff=60)
        wait_out(db, run_id)
        claim_run(db, run_id)
        report_death(db, run_id, 2, backoff=60)
        with db.read() as session:
            ahead = runs.get_run(session, run_id).not_before
            assert ahead is not None
            assert ahead - now(session) > timedelta(seconds=200)

    def test_switched_off_the_run_is_free_at_once(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        report_death(db, run_id, 1, backoff=0)
        assert get(db, run_id).not_before is None
        assert claim_run(db, run_id) == 2

    def test_a_person_who_cancels_and_retries_need_not_wait(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        report_death(db, run_id, 1, backoff=60)
        with db.write() as session:
            runs.cancel_run(session, run_id)
        assert get(db, run_id).not_before is None
        with db.write() as session:
            runs.retry_run(session, run_id)
        assert claim_run(db, run_id) == 2

    def test_nothing_waits_after_the_last_loss(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        assert not report_death(db, run_id, 1, max_lost=1, backoff=60)
        assert get(db, run_id).not_before is None


class TestPoison:
    def test_names_the_attempts_that_died_and_how(self, db: Database) -> None:
        run_id = make_run(db)
        for number in (1, 2, 3):
            assert claim_run(db, run_id, worker_id=f"w{number}", lease_seconds=-1) == number
            again = report_death(db, run_id, 2, KILLED) if number == 2 else bool(reap(db))
            assert again == (number < 3)
        run = get(db, run_id)
        assert (run.status, run.reason, run.lost) == ("failed", "poison", 3)
        assert run.detail is not None
        assert "attempt 1 on w1 (host-1, cpu) fell silent" in run.detail
        assert f"attempt 2 on w2 (host-1, cpu) died of {KILLED}" in run.detail
        assert "attempt 3 on w3 (host-1, cpu) fell silent" in run.detail
        assert f"realspike run log {run_id}" in run.detail

    def test_an_attempt_that_was_handed_back_is_not_named(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, worker_id="gpu-1", lease_seconds=-1)
        reap(db)
        claim_run(db, run_id, worker_id="gpu-2")
        with db.write() as session:
            lifecycle.hand_back(session, run_id, 2, reason="drained")
        claim_run(db, run_id, worker_id="gpu-3", lease_seconds=-1)
        reap(db, max_lost=2)
        detail = get(db, run_id).detail
        assert detail is not None
        assert "gpu-1" in detail
        assert "gpu-2" not in detail
        assert "gpu-3" in detail

    def test_the_log_of_the_run_is_kept_and_tells_the_story(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, worker_id="w1", lease_seconds=-1)
        with db.write() as session:
            logs.append(session, run_id, 1, ["epoch 1"])
        reap(db)
        claim_run(db, run_id, worker_id="w2")
        report_death(db, run_id, 2, KILLED, backoff=60)
        wait_out(db, run_id)
        claim_run(db, run_id, worker_id="w3")
        report_death(db, run_id, 3, "exit code 1", backoff=60)
        assert get(db, run_id).reason == "poison"
        assert log_of(db, run_id) == [
            (1, "epoch 1"),
            (
                1,
                "attempt 1 on worker w1 (host-1) fell silent; the run goes to the next free worker",
            ),
            (
                2,
                f"attempt 2 on worker w2 (host-1) died of {KILLED}; "
                "the run goes to the next free worker after 240 s",
            ),
            (
                3,
                "attempt 3 on worker w3 (host-1) died of exit code 1; "
                "that is 3 in a row, so the run has failed",
            ),
        ]

    def test_a_checkpoint_starts_the_count_anew_but_progress_does_not(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        reap(db, max_lost=2)
        claim_run(db, run_id, lease_seconds=-1)
        with db.write() as session:
            lifecycle.save_progress(session, run_id, 2, {"epoch": 1})
        record(db, run_id, 2, ArtifactKind.ONNX)
        assert get(db, run_id).lost == 1
        record(db, run_id, 2, ArtifactKind.CHECKPOINT)
        assert get(db, run_id).lost == 0
        assert reap(db, max_lost=2) == [run_id]


class TestRefused:
    def test_is_counted_on_the_attempt_alone(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        reap(db)
        claim_run(db, run_id)
        before = all_rows(db)
        for _ in range(2):
            with db.write() as session:
                lifecycle.note_refused(session, run_id, 1)
        assert [item.refused for item in attempts_of(db, run_id)] == [2, 0]
        after = all_rows(db)
        assert {name for name in after if after[name] != before[name]} == {"attempt"}

    def test_of_nothing_is_nothing(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.SUCCEEDED)
        before = all_rows(db)
        with db.write() as session:
            lifecycle.note_refused(session, run_id, 7)
            lifecycle.note_refused(session, "run_nowhere", 1)
        assert all_rows(db) == before
