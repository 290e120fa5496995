"""What people do with runs."""

from __future__ import annotations

import pytest

from server.errors import ConflictError, CursorError, NotFoundError
from server.storage import folded_models, lifecycle, runs
from server.storage.database import Database
from server.storage.models import Run
from server.storage.pages import encode_cursor
from server.storage.states import TERMINAL, RunStatus
from tests.support.runs import SPEC, claim_run, get, make_run, reap, run_in

OPEN = [status for status in RunStatus if status not in TERMINAL]


class TestCreate:
    def test_is_queued_with_what_was_given(self, db: Database) -> None:
        run = get(db, make_run(db, name="näme", tags=["a", "b"], priority=3))
        assert run.status == RunStatus.QUEUED
        assert (run.name, run.tags, run.priority, run.spec) == ("näme", ["a", "b"], 3, SPEC)
        assert (run.attempt, run.lost, run.summary, run.progress) == (0, 0, {}, None)
        assert run.created_at is not None
        assert run.started_at is None
        assert run.reason is None

    def test_get_of_nothing(self, db: Database) -> None:
        with pytest.raises(NotFoundError, match="run_nowhere"):
            get(db, "run_nowhere")


class TestList:
    def test_newest_first_page_by_page(self, db: Database) -> None:
        made = [make_run(db) for _ in range(7)]
        seen: list[str] = []
        cursor, pages = None, 0
        with db.read() as session:
            while pages == 0 or cursor is not None:
                page = runs.list_runs(session, limit=3, cursor=cursor)
                assert page.total == 7
                seen += [run.id for run in page.items]
                cursor, pages = page.next_cursor, pages + 1
        assert pages == 3
        assert seen == made[::-1]

    def test_a_full_last_page_has_no_cursor(self, db: Database) -> None:
        made = [make_run(db) for _ in range(2)]
        with db.read() as session:
            page = runs.list_runs(session, limit=2)
        assert page.next_cursor is None
        assert [run.id for run in page.items] == made[::-1]

    def test_a_page_behind_the_last_run_still_counts(self, db: Database) -> None:
        made = [make_run(db) for _ in range(2)]
        with db.read() as session:
            page = runs.list_runs(session, cursor=encode_cursor(made[0]))
            assert (page.items, page.next_cursor, page.total) == ([], None, 2)
            page = runs.list_runs(session, experiment="none", cursor=encode_cursor(made[0]))
            assert (page.items, page.next_cursor, page.total) == ([], None, 0)

    def test_a_page_stays_put_when_runs_come_and_go(self, db: Database) -> None:
        made = [make_run(db) for _ in range(4)]
        with db.read() as session:
            first = runs.list_runs(session, limit=2)
        make_run(db)
        with db.write() as session:
            runs.cancel_run(session, made[2])
            runs.delete_run(session, made[2])
        with db.read() as session:
            second = runs.list_runs(session, limit=2, cursor=first.next_cursor)
        assert [run.id for run in second.items] == [made[1], made[0]]

    def test_filters(self, db: Database) -> None:
        ours = make_run(db, experiment="ours", name="x")
        done = run_in(db, RunStatus.SUCCEEDED)
        failed = run_in(db, RunStatus.FAILED)
        with db.read() as session:

            def ids(**filters: object) -> set[str]:
                page = runs.list_runs(session, **filters)  # type: ignore[arg-type]
                assert page.total == len(page.items)
                return {run.id for run in page.items}

            assert ids() == {ours, done, failed}
            assert ids(experiment="ours") == {ours}
            assert ids(status=[RunStatus.SUCCEEDED, RunStatus.FAILED]) == {done, failed}
            assert ids(where=Run.name == "x") == {ours}
            assert ids(where=Run.spec["seed"].as_integer() == 0) == {ours, done, failed}
            assert ids(where=Run.spec["seed"].as_integer() > 0) == set()
            assert ids(study_id="stu_nowhere") == set()
            assert ids(status=[RunStatus.FAILED], experiment="ours") == set()

    def test_a_foreign_cursor(self, db: Database) -> None:
        with db.read() as session, pytest.raises(CursorError):
            runs.list_runs(session, cursor="not ours")


class TestQueuePosition:
    def test_priority_first_then_age(self, db: Database) -> None:
        first, second = make_run(db), make_run(db)
        urgent = make_run(db, priority=5)
        paused = run_in(db, RunStatus.PAUSED)
        running = run_in(db, RunStatus.RUNNING)
        with db.read() as session:
            positions = [
                runs.queue_position(session, runs.get_run(session, run_id))
                for run_id in (first, second, urgent, paused, running)
            ]
        assert positions == [2, 3, 1, None, None]


class TestCancel:
    @pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.PAUSED])
    def test_a_waiting_run_ends_at_once(self, db: Database, status: RunStatus) -> None:
        run_id = run_in(db, status)
        with db.write() as session:
            runs.cancel_run(session, run_id)
        run = get(db, run_id)
        assert (run.status, run.reason, run.cancel_requested) == ("cancelled", "cancelled", False)
        assert run.finished_at is not None

    def test_a_running_run_is_asked_to_stop_and_asking_twice_is_fine(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        for _ in range(2):
            with db.write() as session:
                assert runs.cancel_run(session, run_id).cancel_requested
        assert get(db, run_id).status == RunStatus.RUNNING

    @pytest.mark.parametrize("status", sorted(TERMINAL))
    def test_an_ended_run_says_how_it_ended(self, db: Database, status: RunStatus) -> None:
        run_id = run_in(db, status)
        with pytest.raises(ConflictError, match=status), db.write() as session:
            runs.cancel_run(session, run_id)


class TestRetry:
    @pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED])
    def test_an_ended_run_is_queued_afresh(self, db: Database, status: RunStatus) -> None:
        run_id = run_in(db, status)
        with db.write() as session:
            runs.retry_run(session, run_id)
        run = get(db, run_id)
        assert (run.status, run.reason, run.detail, run.lost) == ("queued", None, None, 0)
        assert (run.finished_at, run.woken_at, run.cancel_requested) == (None, None, False)
        assert claim_run(db, run_id) == 2

    def test_a_poisoned_run_gets_all_its_lives_back(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        assert reap(db, max_lost=1) == []
        assert get(db, run_id).reason == "poison"
        with db.write() as session:
            runs.retry_run(session, run_id)
        assert get(db, run_id).lost == 0

    @pytest.mark.parametrize("status", [*OPEN, RunStatus.SUCCEEDED])
    def test_others_are_refused(self, db: Database, status: RunStatus) -> None:
        run_id = run_in(db, status)
        with pytest.raises(ConflictError, match=status), db.write() as session:
            runs.retry_run(session, run_id)


class TestDelete:
    @pytest.mark.parametrize("status", sorted(TERMINAL))
    def test_an_ended_run_is_gone_for_everybody(self, db: Database, status: RunStatus) -> None:
        run_id = run_in(db, status)
        with db.write() as session:
            runs.delete_run(session, run_id)
        with pytest.raises(NotFoundError):
            get(db, run_id)
        with db.read() as session:
            assert runs.list_runs(session).total == 0
        for action in (runs.cancel_run, runs.retry_run, runs.delete_run):
            with pytest.raises(NotFoundError), db.write() as session:
                action(session, run_id)

    def test_its_model_goes_with_it(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with db.write() as session:
            model = folded_models.register(
                session, run_id, 1, name="m", verdict="exact", certificate={}, test_acc=0.9
            )
            lifecycle.succeed(session, run_id, 1)
        with db.write() as session:
            runs.delete_run(session, run_id)
        with db.read() as session, pytest.raises(NotFoundError):
            folded_models.get_model(session, model.id)

    @pytest.mark.parametrize("status", OPEN)
    def test_an_open_run_must_be_cancelled_first(self, db: Database, status: RunStatus) -> None:
        run_id = run_in(db, status)
        with pytest.raises(ConflictError, match="cancel it first"), db.write() as session:
            runs.delete_run(session, run_id)
