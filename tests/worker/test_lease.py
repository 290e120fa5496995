from __future__ import annotations

import pytest

from rscore.reporting import StopReason
from server.errors import StaleAttemptError, StorageUnavailableError
from server.storage import lifecycle, runs, workers
from server.storage.database import Database
from tests.support.runs import claim_run, make_run
from tests.support.waiting import wait_until
from tests.worker.faults import FailingDatabase
from worker.lease import Lease


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
        workers.register(
            session,
            worker_id="w",
            host="h",
            pid=1,
            device="cpu",
            slots=1,
            versions={},
            datasets={},
        )
        workers.set_draining(session, "w")

    lease.renew()

    assert lease.stop_reason() is StopReason.DRAINED


def test_a_superseded_attempt_never_comes_back(db: Database) -> None:
    run_id = make_run(db)
    lease = Lease(db, run_id, claim_run(db, run_id), seconds=60)
    with db.write() as session:
        lifecycle.hand_back(session, run_id, 1, reason="drained")
    claim_run(db, run_id)

    lease.renew()
    lease.renew()

    assert lease.stop_reason() is StopReason.SUPERSEDED
    with pytest.raises(StaleAttemptError):
        lease.require()


def test_an_outage_longer_than_the_lease_loses_it(sqlite_url: str) -> None:
    database = FailingDatabase(sqlite_url)
    run_id = make_run(database)
    lease = Lease(database, run_id, claim_run(database, run_id), seconds=0.2)
    database.away = True

    with pytest.raises(StorageUnavailableError):
        lease.renew()

    wait_until(lambda: lease.lost, "the lease is lost")
    database.close()
