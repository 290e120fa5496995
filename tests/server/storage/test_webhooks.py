"""Events become deliveries once each, and a delivery is tried until it is taken or given up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from server.errors import ConflictError, NotFoundError
from server.storage import edits, events, lifecycle, runs, studies, webhook_deliveries, webhook_news
from server.storage import webhooks as hooks
from server.storage.database import Database, now
from server.storage.models import WebhookDelivery
from server.storage.states import RunStatus
from server.storage.webhook_deliveries import MOST_TRIES, Try, state_of
from server.storage.webhooks import WebhookEvent
from tests.support.runs import claim_run, get, make_run, run_in

ALL = list(WebhookEvent)


def add(db: Database, *told: WebhookEvent, url: str = "https://h.test/") -> str:
    with db.write() as session:
        return hooks.add_webhook(session, url=url, told=list(told) or ALL).id


def collect(db: Database) -> int:
    """How many deliveries all news there are make; none is left."""
    made = 0
    while True:
        with db.read() as session:
            if not webhook_news.has_news(session):
                return made
        with db.write() as session:
            made += webhook_news.collect(session)


def told(db: Database, webhook_id: str) -> list[WebhookDelivery]:
    """Deliveries, oldest first."""
    with db.read() as session:
        page = webhook_deliveries.deliveries_of(session, webhook_id, limit=200)
    return page.items[::-1]


def names(db: Database, webhook_id: str) -> list[str]:
    return [each.event for each in told(db, webhook_id)]


def make_study(db: Database, *, trials: int | None = None) -> str:
    with db.write() as session:
        return studies.create_study(
            session,
            name="ablation",
            experiment="paper",
            document={"name": "ablation", "experiment": "paper"},
            factors=[],
            metric="test_acc",
            goal="maximize",
            trials=trials,
        ).id


def end(db: Database, run_id: str, status: RunStatus = RunStatus.SUCCEEDED) -> None:
    attempt = claim_run(db, run_id)
    with db.write() as session:
        if status is RunStatus.SUCCEEDED:
            lifecycle.succeed(session, run_id, attempt)
        else:
            lifecycle.fail(session, run_id, attempt, reason="out_of_memory", detail="9 GB")


class TestNews:
    def test_a_run_that_fails(self, db: Database) -> None:
        every, failures = add(db), add(db, WebhookEvent.RUN_FAILED)
        run_id = make_run(db, name="mine", tags=["paper"])
        end(db, run_id, RunStatus.FAILED)

        assert collect(db) == 3

        assert sorted(names(db, every)) == ["run_ended", "run_failed"]
        (delivery,) = told(db, failures)
        assert state_of(delivery) == "waiting"
        assert delivery.payload["type"] == "run_failed"
        assert delivery.payload["data"] == {
            "run": {
                "id": run_id,
                "name": "mine",
                "experiment": "default",
                "study_id": None,
                "tags": ["paper"],
                "status": "failed",
                "reason": "out_of_memory",
                "detail": "9 GB",
                "attempt": 1,
            }
        }
        finished = get(db, run_id).finished_at
        assert finished is not None
        assert delivery.payload["timestamp"] >= finished.isoformat()

    @pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.CANCELLED])
    def test_a_run_that_ends_otherwise(self, db: Database, status: RunStatus) -> None:
        webhook = add(db)
        run_in(db, status)
        assert collect(db) == 1
        assert [each.payload["data"]["run"]["status"] for each in told(db, webhook)] == [status]

    def test_what_is_changed_about_an_ended_run_is_no_end(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.FAILED)
        add(db)
        with db.write() as session:
            edits.edit_run(session, run_id, edits.Edit(notes="why?", archived=True))
        with db.write() as session:
            runs.delete_run(session, run_id)
        with db.write() as session:
            runs.restore_run(session, run_id)
        assert collect(db) == 0

    def test_a_second_failure_is_told_too(self, db: Database) -> None:
        webhook = add(db, WebhookEvent.RUN_FAILED)
        run_id = make_run(db)
        for _ in range(2):
            end(db, run_id, RunStatus.FAILED)
            with db.write() as session:
                runs.retry_run(session, run_id)
        assert collect(db) == 2
        attempts = [each.payload["data"]["run"]["attempt"] for each in told(db, webhook)]
        details = [each.payload["data"]["run"]["detail"] for each in told(db, webhook)]
        assert (attempts, details) == ([1, 2], [None, None])  # it is queued again by now

    def test_what_was_before_the_webhook_is_not_told(self, db: Database) -> None:
        run_in(db, RunStatus.FAILED)
        webhook = add(db)
        assert collect(db) == 0
        run_in(db, RunStatus.FAILED)
        assert collect(db) == 2
        assert len(told(db, webhook)) == 2

    def test_nothing_is_told_twice(self, db: Database) -> None:
        webhook = add(db)
        run_in(db, RunStatus.FAILED)
        assert collect(db) == 2
        with db.write() as session:  # as if another scheduler had not seen that it was done
            hooks.get_webhook(session, webhook).seen_event = 0
        assert collect(db) == 0

    def test_many_events_are_read_in_several_steps(
        self, db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(webhook_news, "PAGE", 2)
        webhook = add(db, WebhookEvent.RUN_FAILED)
        failed = [run_in(db, RunStatus.FAILED) for _ in range(3)]
        assert collect(db) == 3
        assert [each.payload["data"]["run"]["id"] for each in told(db, webhook)] == failed

    def test_events_that_tell_nothing_are_passed_over(
        self, db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(webhook_news, "UNREAD", 5)
        webhook = add(db)
        with db.write() as session:
            for number in range(6):
                events.emit(session, "metrics", run_id="r", data={"n": number})
        assert collect(db) == 0
        with db.read() as session:
            read = hooks.get_webhook(session, webhook).seen_event
            assert read == events.newest_id(session)

    def test_without_webhooks_there_is_no_news(self, db: Database) -> None:
        run_in(db, RunStatus.FAILED)
        with db.read() as session:
            assert not webhook_news.has_news(session)
        with db.write() as session:
            assert webhook_news.collect(session) == 0


class TestNewsOfStudies:
    def test_the_end_of_the_last_run_ends_it_once(self, db: Database) -> None:
        webhook = add(db, WebhookEvent.STUDY_ENDED)
        study_id = make_study(db)
        first, last = (make_run(db, study_id=study_id) for _ in range(2))
        end(db, first)
        assert collect(db) == 0
        end(db, last, RunStatus.FAILED)
        assert collect(db) == 1
        (delivery,) = told(db, webhook)
        assert delivery.payload["data"] == {
            "study": {
                "id": study_id,
                "name": "ablation",
                "experiment": "paper",
                "status": "finished",
                "notice": None,
                "counts": {"succeeded": 1, "failed": 1},
            }
        }

    def test_each_of_the_last_ends_may_bring_it_up(
        self, db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(webhook_news, "PAGE", 1)
        webhook = add(db, WebhookEvent.STUDY_ENDED)
        study_id = make_study(db)
        for run_id in [make_run(db, study_id=study_id) for _ in range(3)]:
            end(db, run_id)
        assert collect(db) == 1
        assert names(db, webhook) == ["study_ended"]

    def test_one_that_goes_on_ends_again(self, db: Database) -> None:
        add(db, WebhookEvent.STUDY_ENDED)
        study_id = make_study(db)
        run_id = make_run(db, study_id=study_id)
        end(db, run_id, RunStatus.FAILED)
        assert collect(db) == 1
        with db.write() as session:
            runs.retry_run(session, run_id)
        assert collect(db) == 0
        end(db, run_id)
        assert collect(db) == 1

    def test_notes_on_an_ended_one_are_no_end(self, db: Database) -> None:
        study_id = make_study(db)
        end(db, make_run(db, study_id=study_id))
        add(db)
        with db.write() as session:
            edits.edit_study(session, study_id, edits.Edit(notes="good", archived=True))
        with db.write() as session:
            studies.delete_study(session, study_id)
        with db.write() as session:
            studies.restore_study(session, study_id)
        assert collect(db) == 0

    @pytest.mark.parametrize("trials", [None, 5])
    def test_a_person_cancels_it(self, db: Database, trials: int | None) -> None:
        webhook = add(db, WebhookEvent.STUDY_ENDED)
        study_id = make_study(db, trials=trials)
        if trials is None:
            make_run(db, study_id=study_id)
        with db.write() as session:
            studies.cancel_study(session, study_id)
        assert collect(db) == 1
        (delivery,) = told(db, webhook)
        assert delivery.payload["data"]["study"]["status"] == "cancelled"

    def test_a_running_run_ends_a_cancelled_one(self, db: Database) -> None:
        add(db, WebhookEvent.STUDY_ENDED)
        study_id = make_study(db)
        run_id = make_run(db, study_id=study_id)
        attempt = claim_run(db, run_id)
        with db.write() as session:
            studies.cancel_study(session, study_id)
        assert collect(db) == 0
        with db.write() as session:
            lifecycle.end_cancelled(session, run_id, attempt)
        assert collect(db) == 1

    def test_the_service_pauses_it_and_says_why(self, db: Database) -> None:
        webhook = add(db, WebhookEvent.STUDY_PAUSED)
        study_id = make_study(db, trials=5)
        make_run(db, study_id=study_id)
        with db.write() as session:
            studies.pause_study(session, study_id)
        assert collect(db) == 0  # the person who did it knows
        with db.write() as session:
            studies.resume_study(session, study_id)
        with db.write() as session:
            study = studies.get_study(session, study_id)
            studies.pause(session, study, "5 trials in a row have failed")
        assert collect(db) == 1
        (delivery,) = told(db, webhook)
        study_told = delivery.payload["data"]["study"]
        assert study_told["notice"] == "5 trials in a row have failed"
        assert (study_told["status"], study_told["counts"]) == ("paused", {"paused": 1})


def begin(db: Database, webhook_id: str) -> Try | None:
    with db.write() as session:
        return webhook_deliveries.begin_try(session, webhook_id)


def finish(db: Database, tried: Try, *, taken: bool, final: bool = False) -> None:
    with db.write() as session:
        answer = "200" if taken else "500"
        webhook_deliveries.end_try(session, tried, answer=answer, taken=taken, final=final)


def due_now(db: Database, delivery_id: str) -> None:
    """As if its pause had been waited for."""
    with db.write() as session:
        query = update(WebhookDelivery).where(WebhookDelivery.id == delivery_id)
        session.execute(query.values(next_at=now(session) - timedelta(seconds=1)))


@pytest.fixture
def webhook(db: Database) -> str:
    return add(db)


@pytest.fixture
def ping(db: Database, webhook: str) -> str:
    with db.write() as session:
        return webhook_deliveries.add_ping(session, webhook).id


class TestTries:
    def test_one_that_is_taken(self, db: Database, webhook: str, ping: str) -> None:
        tried = begin(db, webhook)
        assert tried is not None
        assert (tried.delivery_id, tried.number, tried.url) == (ping, 1, "https://h.test/")
        assert tried.payload["type"] == "ping"
        assert begin(db, webhook) is None  # it is being sent
        finish(db, tried, taken=True)
        (delivery,) = told(db, webhook)
        assert (state_of(delivery), delivery.answer, delivery.tries) == ("delivered", "200", 1)
        assert begin(db, webhook) is None

    def test_pauses_grow_until_it_is_given_up(self, db: Database, webhook: str, ping: str) -> None:
        pauses = []
        for number in range(1, MOST_TRIES + 1):
            tried = begin(db, webhook)
            assert tried is not None
            assert tried.number == number
            finish(db, tried, taken=False)
            (delivery,) = told(db, webhook)
            if delivery.next_at is not None:
                with db.read() as session:
                    pauses.append((delivery.next_at - now(session)).total_seconds())
                assert begin(db, webhook) is None
                due_now(db, ping)
        assert state_of(delivery) == "given_up"
        assert pauses == pytest.approx([10, 60, 360, 2160, 12_960, 77_760], abs=30)

    def test_one_of_which_nothing_was_recorded_comes_again_with_its_id(
        self, db: Database, webhook: str, ping: str
    ) -> None:
        first = begin(db, webhook)
        due_now(db, ping)
        second = begin(db, webhook)
        assert first is not None
        assert second is not None
        assert (second.delivery_id, second.number) == (first.delivery_id, 2)

    def test_a_late_failure_changes_nothing_and_a_late_success_counts(
        self, db: Database, webhook: str, ping: str
    ) -> None:
        first = begin(db, webhook)
        due_now(db, ping)
        second = begin(db, webhook)
        assert first is not None
        assert second is not None
        finish(db, first, taken=False)
        assert told(db, webhook)[0].answer == "no answer was recorded"
        finish(db, first, taken=True)
        assert state_of(told(db, webhook)[0]) == "delivered"

    def test_one_that_kills_every_scheduler_is_given_up(
        self, db: Database, webhook: str, ping: str
    ) -> None:
        for _ in range(MOST_TRIES):
            assert begin(db, webhook) is not None
            due_now(db, ping)
        assert begin(db, webhook) is None
        assert state_of(told(db, webhook)[0]) == "given_up"

    def test_a_final_answer_is_the_last(self, db: Database, webhook: str, ping: str) -> None:
        tried = begin(db, webhook)
        assert tried is not None
        finish(db, tried, taken=False, final=True)
        assert state_of(told(db, webhook)[0]) == "given_up"

    def test_a_webhook_that_was_removed_meanwhile(
        self, db: Database, webhook: str, ping: str
    ) -> None:
        tried = begin(db, webhook)
        assert tried is not None
        with db.write() as session:
            hooks.remove_webhook(session, webhook)
        finish(db, tried, taken=True)
        with db.read() as session:
            assert session.scalars(select(WebhookDelivery)).all() == []
            with pytest.raises(NotFoundError):
                hooks.get_webhook(session, webhook)

    def test_who_waits_longest_is_told_first(self, db: Database) -> None:
        first, second = add(db), add(db)
        with db.write() as session:
            webhook_deliveries.add_ping(session, second)
        with db.write() as session:
            webhook_deliveries.add_ping(session, first)
        with db.read() as session:
            assert webhook_deliveries.due_webhooks(session, limit=5) == [second, first]
            assert webhook_deliveries.due_webhooks(session, limit=1) == [second]

    def test_counts_and_what_is_forgotten(self, db: Database, webhook: str, ping: str) -> None:
        def counts() -> dict[str, int]:
            with db.read() as session:
                return webhook_deliveries.counts(session)

        def forget(days: int) -> int:
            with db.write() as session:
                return webhook_deliveries.forget(session, timedelta(days=days))

        assert counts() == {"waiting": 1}
        tried = begin(db, webhook)
        assert tried is not None
        finish(db, tried, taken=False)
        assert counts() == {"retrying": 1}
        assert forget(-1) == 0
        finish(db, tried, taken=True)
        assert counts() == {"delivered": 1}
        assert forget(1) == 0
        assert forget(-1) == 1
        assert counts() == {}


def test_there_is_a_limit(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "MOST", 2)
    made = [add(db) for _ in range(2)]
    with pytest.raises(ConflictError, match="there are 2 webhooks"):
        add(db)
    with db.write() as session:
        hooks.remove_webhook(session, made[0])
    with db.read() as session:
        assert [each.id for each in hooks.list_webhooks(session)] == made[1:]


def test_events_are_kept_once_each_and_every_webhook_has_its_secret(db: Database) -> None:
    given: Any = [WebhookEvent.RUN_FAILED, WebhookEvent.STUDY_ENDED, WebhookEvent.RUN_FAILED]
    first, second = add(db, *given), add(db)
    with db.read() as session:
        one, other = (hooks.get_webhook(session, each) for each in (first, second))
    assert one.events == ["run_failed", "study_ended"]
    assert one.secret != other.secret
    assert one.secret.startswith("whsec_")
