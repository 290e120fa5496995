"""When a worker is quarantined, what that keeps from it, and how it ends."""

from __future__ import annotations

import pytest

from server.errors import ConflictError, NotFoundError
from server.storage import events, lifecycle, logs, quarantine, workers
from server.storage.database import Database, now
from server.storage.models import Worker
from tests.server.storage.test_workers import register
from tests.support.runs import expire, make_run, reap, report_death
from tests.support.studies import make_study

AFTER = 3


def begin(db: Database, run_id: str, worker_id: str = "w", host: str = "h") -> int:
    with db.write() as session:
        claim = lifecycle.claim(
            session, run_id, worker_id=worker_id, host=host, device="cpu", lease_seconds=60
        )
    assert claim is not None
    return claim.attempt


def fail(
    db: Database,
    run_id: str,
    reason: str = "internal_error",
    *,
    worker_id: str = "w",
    host: str = "h",
    after: int = AFTER,
) -> str | None:
    attempt = begin(db, run_id, worker_id, host)
    with db.write() as session:
        lifecycle.fail(session, run_id, attempt, reason=reason, detail="d")
        return quarantine.judge(session, run_id, attempt, after=after)


def succeed(db: Database) -> None:
    run_id = make_run(db)
    attempt = begin(db, run_id)
    with db.write() as session:
        lifecycle.succeed(session, run_id, attempt)


def die(db: Database, run_id: str) -> str | None:
    attempt = begin(db, run_id)
    report_death(db, run_id, attempt)
    with db.write() as session:
        return quarantine.judge(session, run_id, attempt, after=AFTER)


def worker(db: Database, worker_id: str = "w") -> Worker:
    with db.read() as session:
        return session.get_one(Worker, worker_id)


def test_failures_of_different_runs_one_after_another(db: Database) -> None:
    register(db, "w")
    failed = [make_run(db) for _ in range(AFTER)]
    assert [fail(db, run_id) for run_id in failed[:-1]] == [None, None]
    why = fail(db, failed[-1])
    assert why is not None
    for run_id in failed:
        assert f"{run_id} (internal_error)" in why
    assert "realspike worker release w" in why
    assert "run retry" in why
    row = worker(db)
    assert (row.quarantine_reason, row.quarantined_at is not None) == (why, True)
    with db.read() as session:
        assert workers.status_of(row, now(session), 20) == "quarantined"
        assert why in logs.tail(session, failed[-1])[-1].text
        told = [event.data for event in events.after(session, 0) if event.kind == "worker"]
    assert told[-1] == {"worker_id": "w", "status": "quarantined", "reason": why}


def test_it_claims_nothing_and_offers_no_slot(db: Database) -> None:
    register(db, "w", slots=1)
    register(db, "other", slots=2)
    for _ in range(AFTER):
        fail(db, make_run(db))
    run_id = make_run(db)
    with db.write() as session:
        claim = lifecycle.claim(
            session, run_id, worker_id="w", host="h", device="cpu", lease_seconds=60
        )
        assert claim is None
    with db.read() as session:
        assert (workers.slots(session, 20), workers.free_slots(session, 20)) == (2, 2)
        assert list(session.scalars(workers.with_free_slot(session, 20))) == ["other"]
    assert begin(db, run_id, "other") == 1


def test_a_success_in_between_begins_the_count_anew(db: Database) -> None:
    register(db, "w")
    for _ in range(3):
        assert [fail(db, make_run(db)) for _ in range(AFTER - 1)] == [None, None]
        succeed(db)
    assert worker(db).quarantined_at is None


@pytest.mark.parametrize(
    "reason", ["loss_not_finite", "dataset_missing", "spec_invalid", "fold_refused"]
)
def test_what_lies_in_the_run_neither_counts_nor_ends_the_count(db: Database, reason: str) -> None:
    register(db, "w")
    for _ in range(2 * AFTER):
        assert fail(db, make_run(db), reason) is None
    for _ in range(AFTER - 1):
        assert fail(db, make_run(db)) is None
        assert fail(db, make_run(db), reason) is None
    assert fail(db, make_run(db)) is not None


def test_one_run_that_fails_again_and_again_is_the_runs_own_matter(db: Database) -> None:
    register(db, "w")
    run_id = make_run(db)
    assert [die(db, run_id) for _ in range(2)] == [None, None]
    assert die(db, run_id) is None  # and it is poison
    assert die(db, make_run(db)) is None
    assert "(lost)" in (die(db, make_run(db)) or "")


def test_leases_that_ran_out_do_not_count(db: Database) -> None:
    register(db, "w")
    cut_off = [make_run(db) for _ in range(AFTER)]
    attempts = {run_id: begin(db, run_id) for run_id in cut_off}
    for run_id in cut_off:
        expire(db, run_id)
    assert len(reap(db)) == AFTER
    with db.write() as session:
        for run_id, attempt in attempts.items():
            assert quarantine.judge(session, run_id, attempt, after=AFTER) is None


def test_a_study_that_fails_everywhere_is_not_the_machines_fault(db: Database) -> None:
    register(db, "w")
    register(db, "far", host="elsewhere")
    study_id = make_study(db)
    far = make_run(db, study_id=study_id)
    assert fail(db, far, worker_id="far", host="elsewhere") is None
    for _ in range(2 * AFTER):
        assert fail(db, make_run(db, study_id=study_id)) is None
    # A worker on the same host shares what may be broken, and other reasons are other causes.
    register(db, "beside")
    said = [fail(db, make_run(db, study_id=study_id), "out_of_memory") for _ in range(AFTER)]
    assert said[-1] is not None
    for _ in range(AFTER - 1):
        assert fail(db, make_run(db), "out_of_memory", worker_id="beside") is None
    assert fail(db, make_run(db), "out_of_memory", worker_id="beside") is not None


def test_what_only_a_machine_can_lack_counts_although_others_lack_it_too(db: Database) -> None:
    register(db, "w")
    register(db, "far", host="elsewhere")
    study_id = make_study(db)
    for worker_id, host in (("w", "h"), ("far", "elsewhere")):
        said = [
            fail(
                db,
                make_run(db, study_id=study_id),
                "device_missing",
                worker_id=worker_id,
                host=host,
            )
            for _ in range(AFTER)
        ]
        assert said[-1] is not None


def test_it_can_be_turned_off(db: Database) -> None:
    register(db, "w")
    assert {fail(db, make_run(db), after=0) for _ in range(5)} == {None}


def test_nobody_is_quarantined_twice_or_without_a_row(db: Database) -> None:
    assert {fail(db, make_run(db), worker_id="unknown") for _ in range(5)} == {None}
    register(db, "w")
    running = make_run(db)
    attempt = begin(db, running)
    for _ in range(AFTER):
        fail(db, make_run(db))
    since = worker(db).quarantined_at
    with db.write() as session:
        lifecycle.fail(session, running, attempt, reason="internal_error", detail="d")
        assert quarantine.judge(session, running, attempt, after=AFTER) is None
    assert worker(db).quarantined_at == since


class TestRelease:
    def test_on_probation_until_a_run_succeeds(self, db: Database) -> None:
        register(db, "w")
        for _ in range(AFTER):
            fail(db, make_run(db))
        with db.write() as session:
            quarantine.release(session, "w")
        row = worker(db)
        assert (row.quarantined_at, row.quarantine_reason) == (None, None)
        assert fail(db, make_run(db)) is not None
        with db.write() as session:
            quarantine.release(session, "w")
        succeed(db)
        assert fail(db, make_run(db)) is None

    def test_there_must_be_something_to_release(self, db: Database) -> None:
        register(db, "w")
        with pytest.raises(ConflictError, match="not quarantined"), db.write() as session:
            quarantine.release(session, "w")
        with pytest.raises(NotFoundError), db.write() as session:
            quarantine.release(session, "nobody")
        for _ in range(AFTER):
            fail(db, make_run(db))
        with db.write() as session:
            workers.stopped(session, "w")
        with pytest.raises(ConflictError, match="has stopped"), db.write() as session:
            quarantine.release(session, "w")

    def test_a_worker_that_starts_anew_is_free(self, db: Database) -> None:
        register(db, "w")
        for _ in range(AFTER):
            fail(db, make_run(db))
        register(db, "w")
        assert worker(db).quarantined_at is None
