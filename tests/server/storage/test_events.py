"""Events: noted in a transaction, stored with its commit, followed by id."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.storage import events, lifecycle, runs, studies
from server.storage.database import Database
from server.storage.states import RunStatus
from tests.support.runs import claim_run, make_run, run_in


def emit(db: Database, *data: int, **about: str) -> None:
    with db.write() as session:
        for number in data:
            events.emit(session, "worker", data={"number": number}, **about)


def numbers(
    db: Database, last_id: int = 0, run_id: str | None = None, study_id: str | None = None
) -> list[int]:
    with db.read() as session:
        found = events.after(session, last_id, run_id=run_id, study_id=study_id)
        return [event.data["number"] for event in found]


class TestEmit:
    def test_stored_in_order_with_the_commit(self, db: Database) -> None:
        with db.write() as session:
            events.emit(session, "worker", data={"number": 1})
            assert numbers(db) == []
            events.emit(session, "worker", data={"number": 2})
        assert numbers(db) == [1, 2]

    def test_forgotten_with_a_rollback(self, db: Database) -> None:
        def emit_and_fail() -> None:
            with db.write() as session:
                events.emit(session, "worker", data={"number": 1})
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            emit_and_fail()
        with db.write() as session:
            assert events.newest_id(session) == 0
            events.emit(session, "worker", data={"number": 2})
            session.rollback()
            events.emit(session, "worker", data={"number": 3})
        assert numbers(db) == [3]

    def test_a_commit_in_between_stores_each_once(self, db: Database) -> None:
        with db.write() as session:
            events.emit(session, "worker", data={"number": 1})
            session.commit()
            events.emit(session, "worker", data={"number": 2})
        assert numbers(db) == [1, 2]


class TestAfter:
    def test_of_one_run_or_study(self, db: Database) -> None:
        emit(db, 1, run_id="run_a")
        emit(db, 2, run_id="run_b", study_id="stu_a")
        emit(db, 3)
        assert numbers(db) == [1, 2, 3]
        assert numbers(db, run_id="run_b") == [2]
        assert numbers(db, study_id="stu_a") == [2]
        assert numbers(db, run_id="run_a", study_id="stu_a") == []

    def test_goes_on_after_the_last_seen(self, db: Database) -> None:
        emit(db, *range(10))
        with db.read() as session:
            first = events.after(session, 0, limit=4)
            rest = events.after(session, first[-1].id)
            assert events.newest_id(session) == rest[-1].id
        assert [event.data["number"] for event in [*first, *rest]] == list(range(10))


class TestPrune:
    def test_forgets_the_old_and_never_uses_an_id_again(self, db: Database) -> None:
        emit(db, 1, 2)
        with db.write() as session:
            newest = events.newest_id(session)
            assert events.prune(session, timedelta(hours=1)) == 0
            assert events.prune(session, timedelta(seconds=-1)) == 2
            assert events.newest_id(session) == 0
        emit(db, 3)
        assert numbers(db, newest) == [3]


class TestWhatRunsTell:
    def test_every_change_of_status(self, db: Database) -> None:
        run_id = make_run(db, name="mine")
        claim_run(db, run_id)
        with db.write() as session:
            lifecycle.hand_back(session, run_id, 1, reason="drained")
        claim_run(db, run_id)
        with db.write() as session:
            lifecycle.fail(session, run_id, 2, reason="out_of_memory", detail="d")
        with db.read() as session:
            told = [event.data for event in events.after(session, 0, run_id=run_id)]
        assert told == [
            {"status": status, "reason": reason, "attempt": attempt, "name": "mine"}
            | ({"was": was} if was else {})
            for was, status, reason, attempt in [
                (None, "queued", None, 0),
                ("queued", "running", None, 1),
                ("running", "queued", "drained", 1),
                ("queued", "running", None, 2),
                ("running", "failed", "out_of_memory", 2),
            ]
        ]

    def test_a_run_of_a_study_tells_the_study_too(self, db: Database) -> None:
        with db.write() as session:
            study = studies.create_study(
                session,
                name="s",
                experiment="e",
                document={},
                factors=[],
                metric="test_acc",
                goal="maximize",
            )
        run_id = run_in(db, RunStatus.RUNNING, study_id=study.id)
        with db.write() as session:
            lifecycle.save_progress(session, run_id, 1, {"epoch": 1})
            runs.cancel_run(session, run_id)
        with db.read() as session:
            kinds = [event.kind for event in events.after(session, 0, study_id=study.id)]
        assert kinds == ["study", "run", "run", "progress", "run"]
