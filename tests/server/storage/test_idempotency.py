"""Idempotency keys."""

from __future__ import annotations

import pytest

from server.errors import ConflictError
from server.storage import idempotency
from server.storage.database import Database


def test_the_second_request_finds_the_first_ones_answer(db: Database) -> None:
    with db.write() as session:
        assert idempotency.find(session, "key", "a" * 64) is None
        idempotency.remember(session, "key", "a" * 64, "run_1")
    with db.write() as session:
        assert idempotency.find(session, "key", "a" * 64) == "run_1"
        assert idempotency.find(session, "other", "a" * 64) is None


def test_the_same_key_for_another_request_is_refused(db: Database) -> None:
    with db.write() as session:
        idempotency.remember(session, "key", "a" * 64, "run_1")
    with pytest.raises(ConflictError, match="new key"), db.write() as session:
        idempotency.find(session, "key", "b" * 64)


def test_a_rolled_back_request_leaves_no_trace(db: Database) -> None:
    with db.write() as session:
        idempotency.remember(session, "key", "a" * 64, "run_1")
        session.rollback()
    with db.write() as session:
        assert idempotency.find(session, "key", "b" * 64) is None
