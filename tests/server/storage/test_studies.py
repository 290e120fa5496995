"""Studies and what becomes of their runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.errors import ConflictError, NotFoundError
from server.storage import events, folded_models, lifecycle, runs, studies
from server.storage.database import Database
from server.storage.models import Study
from server.storage.states import RunStatus
from tests.support.runs import get, make_run, run_in


def make_study(db: Database) -> str:
    with db.write() as session:
        return studies.create_study(
            session,
            name="granularity",
            experiment="digits",
            document={"ablate": {"granularity": ["binary", "channel"]}, "base": {}},
            factors=["granularity"],
            metric="test_acc",
            goal="maximize",
        ).id


def test_round_trip_keeps_the_document_in_its_order(db: Database) -> None:
    study_id = make_study(db)
    with db.read() as session:
        study = studies.get_study(session, study_id)
    assert list(study.document) == ["ablate", "base"]
    assert (study.factors, study.metric, study.goal) == (["granularity"], "test_acc", "maximize")


def test_with_its_runs_in_one_transaction(db: Database) -> None:
    with db.write() as session:
        study = studies.create_study(
            session, name="s", experiment="e", document={}, factors=[], metric="m", goal="minimize"
        )
        made = [
            runs.create_run(
                session,
                name=f"s-{number}",
                experiment="e",
                tags=[],
                priority=0,
                spec={},
                spec_digest="0" * 64,
                study_id=study.id,
            ).id
            for number in range(20)
        ]
    with db.read() as session:
        assert [run.id for run in studies.runs_of_study(session, study.id)] == made


def test_pages(db: Database) -> None:
    made = [make_study(db) for _ in range(3)]
    with db.read() as session:
        first = studies.list_studies(session, limit=2)
        second = studies.list_studies(session, limit=2, cursor=first.next_cursor)
    assert [study.id for study in [*first.items, *second.items]] == made[::-1]
    assert (first.total, second.next_cursor) == (3, None)


def test_counts(db: Database) -> None:
    study_id, empty = make_study(db), make_study(db)
    for status in (RunStatus.QUEUED, RunStatus.QUEUED, RunStatus.SUCCEEDED):
        run_in(db, status, study_id=study_id)
    deleted = run_in(db, RunStatus.FAILED, study_id=study_id)
    run_in(db, RunStatus.RUNNING)
    with db.write() as session:
        runs.delete_run(session, deleted)
        assert studies.study_counts(session, [study_id, empty]) == {
            study_id: {RunStatus.QUEUED: 2, RunStatus.SUCCEEDED: 1},
            empty: {},
        }
        assert studies.study_counts(session, []) == {}


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ({}, "finished"),
        ({RunStatus.QUEUED: 2}, "queued"),
        ({RunStatus.QUEUED: 2, RunStatus.SUCCEEDED: 1}, "running"),
        ({RunStatus.RUNNING: 1, RunStatus.CANCELLED: 3}, "running"),
        ({RunStatus.PAUSED: 1, RunStatus.SUCCEEDED: 3}, "paused"),
        ({RunStatus.SUCCEEDED: 3, RunStatus.FAILED: 1}, "finished"),
        ({RunStatus.SUCCEEDED: 3, RunStatus.CANCELLED: 1, RunStatus.QUEUED: 0}, "cancelled"),
    ],
)
def test_status(counts: dict[RunStatus, int], status: str) -> None:
    assert studies.study_status(counts, Study(document={})) == status


def test_the_status_of_a_sweep_is_not_that_of_its_stopped_trials() -> None:
    ended = {RunStatus.SUCCEEDED: 3, RunStatus.CANCELLED: 5}
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert studies.study_status({}, Study(trials_left=9)) == "queued"
    assert studies.study_status(ended, Study(trials_left=1)) == "running"
    assert studies.study_status(ended, Study(trials_left=1, paused_at=moment)) == "paused"
    assert studies.study_status(ended, Study(trials_left=0)) == "finished"
    assert studies.study_status(ended, Study(trials_left=0, cancelled_at=moment)) == "cancelled"


class TestCancel:
    def test_ends_what_waits_and_asks_what_runs(self, db: Database) -> None:
        study_id = make_study(db)
        waiting = run_in(db, RunStatus.QUEUED, study_id=study_id)
        paused = run_in(db, RunStatus.PAUSED, study_id=study_id)
        running = run_in(db, RunStatus.RUNNING, study_id=study_id)
        done = run_in(db, RunStatus.SUCCEEDED, study_id=study_id)
        stranger = make_run(db)
        with db.write() as session:
            studies.cancel_study(session, study_id)
        statuses = [get(db, run_id).status for run_id in (waiting, paused, running, done, stranger)]
        assert statuses == ["cancelled", "cancelled", "running", "succeeded", "queued"]
        assert get(db, running).cancel_requested
        with db.read() as session:
            last = events.after(session, 0, study_id=study_id)[-1]
        assert (last.kind, last.data) == ("study", {"status": "running"})

    def test_nothing_open_is_a_conflict(self, db: Database) -> None:
        study_id = make_study(db)
        run_in(db, RunStatus.FAILED, study_id=study_id)
        with pytest.raises(ConflictError, match="has ended"), db.write() as session:
            studies.cancel_study(session, study_id)


class TestDelete:
    def test_takes_runs_and_models_with_it(self, db: Database) -> None:
        study_id = make_study(db)
        run_id = run_in(db, RunStatus.RUNNING, study_id=study_id)
        with db.write() as session:
            folded_models.register(
                session, run_id, 1, name="m", verdict="exact", certificate={}, test_acc=None
            )
            lifecycle.succeed(session, run_id, 1)
        stranger = make_run(db)
        with db.write() as session:
            studies.delete_study(session, study_id)
        with db.read() as session:
            assert studies.list_studies(session).total == 0
            assert studies.runs_of_study(session, study_id) == []
            assert folded_models.list_models(session).total == 0
            assert [run.id for run in runs.list_runs(session).items] == [stranger]
        for action in (studies.get_study, studies.cancel_study, studies.delete_study):
            with pytest.raises(NotFoundError), db.write() as session:
                action(session, study_id)

    def test_open_runs_are_counted_in_the_refusal(self, db: Database) -> None:
        study_id = make_study(db)
        for _ in range(2):
            make_run(db, study_id=study_id)
        with pytest.raises(ConflictError, match="2 runs of study"), db.write() as session:
            studies.delete_study(session, study_id)
