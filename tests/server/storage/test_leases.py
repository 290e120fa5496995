from __future__ import annotations

import threading

from server.storage import leases, lifecycle
from server.storage.database import Database, now
from tests.support.runs import claim_run, get, make_run, reap


def renew(db: Database, *held: leases.Held) -> None:
    with db.write() as session:
        leases.renew_all(session, set(held), lease_seconds=60)


def owners(db: Database, *held: leases.Held) -> set[leases.Held]:
    with db.read() as session:
        return leases.owners(session, set(held))


def is_expired(db: Database, run_id: str) -> bool:
    ends = get(db, run_id).lease_expires_at
    with db.read() as session:
        return ends is not None and ends < now(session)


def test_attempts_that_own_their_runs_are_renewed(db: Database) -> None:
    mine, others = make_run(db), make_run(db)
    for run_id in (mine, others):
        claim_run(db, run_id, lease_seconds=-1)

    renew(db, (mine, 1))

    assert [is_expired(db, run_id) for run_id in (mine, others)] == [False, True]
    assert reap(db) == [others]


def test_an_attempt_that_lost_its_run_renews_nothing(db: Database) -> None:
    run_id = make_run(db)
    claim_run(db, run_id)
    with db.write() as session:
        lifecycle.hand_back(session, run_id, 1, reason="drained")
    renew(db, (run_id, 1))
    assert get(db, run_id).lease_expires_at is None
    assert owners(db, (run_id, 1)) == set()

    claim_run(db, run_id, lease_seconds=-1)
    renew(db, (run_id, 1))

    assert is_expired(db, run_id)
    assert owners(db, (run_id, 1), (run_id, 2)) == {(run_id, 2)}


def test_nothing_held_is_nothing_to_do(db: Database) -> None:
    renew(db)
    assert owners(db) == set()


def test_a_run_that_somebody_writes_is_not_waited_for(postgres_url: str) -> None:
    db = Database(postgres_url)
    run_id = make_run(db)
    claim_run(db, run_id, lease_seconds=-1)
    renewal = threading.Thread(target=renew, args=(db, (run_id, 1)))

    with db.write() as session:
        lifecycle.save_progress(session, run_id, 1, {"epoch": 1})
        session.flush()
        renewal.start()
        renewal.join(timeout=20)
        assert not renewal.is_alive()
        assert reap(db) == []

    assert is_expired(db, run_id)
    db.close()
