"""The table of transitions."""

from __future__ import annotations

import itertools

import pytest

from server.errors import ConflictError
from server.storage.database import Database
from server.storage.states import TERMINAL, TRANSITIONS, RunStatus
from server.storage.transitions import lock_run, move
from tests.support.runs import get, run_in

PAIRS = list(itertools.product(RunStatus, RunStatus))
ALLOWED = [(a, b) for a, b in PAIRS if b in TRANSITIONS[a]]
REFUSED = [(a, b) for a, b in PAIRS if b not in TRANSITIONS[a]]


def test_every_status_has_its_row_and_a_success_is_final() -> None:
    assert set(TRANSITIONS) == set(RunStatus)
    assert TRANSITIONS[RunStatus.SUCCEEDED] == frozenset()
    assert RunStatus.RUNNING not in set().union(*(TRANSITIONS[status] for status in TERMINAL))


def test_each_allowed_move(db: Database) -> None:
    for start, end in ALLOWED:
        run_id = run_in(db, start)
        with db.write() as session:
            move(session, lock_run(session, run_id), end, reason="because", detail="so")
        run = get(db, run_id)
        assert (run.status, run.reason, run.detail) == (end, "because", "so")
        assert (run.finished_at is not None) == (end in TERMINAL)
        assert not run.cancel_requested
        assert run.woken_at is None
        if end is not RunStatus.RUNNING:
            assert (run.worker_id, run.lease_expires_at) == (None, None)


def test_each_refused_move_changes_nothing(db: Database) -> None:
    for start, end in REFUSED:
        run_id = run_in(db, start)
        with pytest.raises(ConflictError, match=start), db.write() as session:
            move(session, lock_run(session, run_id), end)
        assert get(db, run_id).status == start
