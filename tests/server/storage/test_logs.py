"""Logs."""

from __future__ import annotations

from server.storage import events, logs
from server.storage.database import Database
from server.storage.states import RunStatus
from tests.support.runs import run_in


def append(db: Database, run_id: str, *lines: str) -> None:
    with db.write() as session:
        logs.append(session, run_id, 1, lines)


def test_the_newest_lines_oldest_first(db: Database) -> None:
    run_id, other = run_in(db, RunStatus.RUNNING), run_in(db, RunStatus.RUNNING)
    append(db, run_id, "a", "b")
    append(db, other, "not mine")
    append(db, run_id, "c")
    append(db, run_id)
    with db.read() as session:
        assert [line.text for line in logs.tail(session, run_id)] == ["a", "b", "c"]
        newest = logs.tail(session, run_id, limit=2)
        assert [(line.text, line.attempt) for line in newest] == [("b", 1), ("c", 1)]


def test_following_skips_nothing(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    append(db, run_id, *(str(number) for number in range(10)))
    with db.read() as session:
        last = logs.tail(session, run_id)[0].id
        following = logs.tail(session, run_id, limit=3, after_id=last)
        assert [line.text for line in following] == ["1", "2", "3"]
        assert logs.tail(session, run_id, after_id=last + 100) == []


def test_lines_are_made_storable(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    append(db, run_id, "a\x00b", "lone \ud800", "x" * 5000, "ünï ✓")
    with db.read() as session:
        texts = [line.text for line in logs.tail(session, run_id)]
        event = events.after(session, 0, run_id=run_id)[-1]
    assert texts == ["a\ufffdb", "lone ?", "x" * 3999 + "…", "ünï ✓"]
    assert (event.kind, event.data) == ("log", {"lines": texts})
