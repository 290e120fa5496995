from __future__ import annotations

import pytest

from rscore.reporting import StopReason
from server.errors import StaleAttemptError
from server.storage import lifecycle, runs, workers
from server.storage.database import Database, now
from tests.support.runs import claim_run, make_run
from tests.support.waiting import wait_until
from tests.support.workers import register_worker
from worker.lease import Lease


def hand_over(db: Database, run_id: str) -> None:
    """Let another attempt own the run."""
    with db.write() as session:
        lifecycle.hand_back(session, run_id, 1, reason="drained")
    claim_run(db, run_id)


def is_expired(db: Database, run_id: str) -> bool:
    with db.read() as session:
        ends = runs.get_run(session, run_id).lease_expires_at
        return ends is not None and ends < now(session)


def test_a_renewed_lease_goes_on(db: Database) -> None:
    run_id = make_run(db)
    lease = Lease(db, run_id, claim_run(db, run_id), seconds=60)

    lease.renew()

    assert lease.stop_reason() is None
    lease.require()


def test_a_cancelled_run_is_asked_to_stop(db: Database) -> None:
    run_id = make_run(db)
    lease = Lease(db, run_id, claim_run(db, run_id), seconds=60)
    with db.write() as session:
        runs.cancel_run(session, run_id)

    lease.renew()

    assert lease.stop_reason() is StopReason.CANCELLED


def test_a_draining_worker_asks_to_stop(db: Database) -> None:
    run_id = make_run(db)
    lease = Lease(db, run_id, claim_run(db, run_id, worker_id="w"), seconds=60)
    with db.write() as session:
        register_worker(session)
        workers.set_draining(session, "w")

    lease.renew()

    assert lease.stop_reason() is StopReason.DRAINED


def test_a_superseded_attempt_never_comes_back(db: Database) -> None:
    run_id = make_run(db)
    lease = Lease(db, run_id, claim_run(db, run_id), seconds=60)
    hand_over(db, run_id)

    lease.renew()
    lease.renew()

    assert lease.stop_reason() is StopReason.SUPERSEDED
    with pytest.raises(StaleAttemptError):
        lease.require()


def test_a_lease_that_ran_out_is_asked_about_before_work_goes_on(db: Database) -> None:
    run_id = make_run(db)
    lease = Lease(db, run_id, claim_run(db, run_id, lease_seconds=60), seconds=0)

    assert lease.stop_reason() is None
    hand_over(db, run_id)
    assert lease.stop_reason() is StopReason.SUPERSEDED


def test_it_is_renewed_by_itself_within_the_block(db: Database) -> None:
    run_id = make_run(db)
    lease = Lease(db, run_id, claim_run(db, run_id, lease_seconds=-1), seconds=60)

    with lease.kept(0.01):
        wait_until(lambda: not is_expired(db, run_id), "the lease is renewed")
