"""The life of runs under anything that anybody may do, in any order, beside a plain model."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from rscore.reporting import StopReason
from server.errors import ConflictError, NotFoundError, StaleAttemptError
from server.storage import (
    artifacts,
    events,
    folded_models,
    leases,
    lifecycle,
    logs,
    metrics,
    runs,
)
from server.storage.artifacts import StoredFile
from server.storage.database import Database, now
from server.storage.models import Attempt, FoldedModel, LogLine, Metric, Run
from server.storage.states import TERMINAL, TRANSITIONS, RunStatus
from tests.support.life_model import MOST_LOST, ModelRun, Ticket
from tests.support.rows import all_rows, clear
from tests.support.runs import expire, make_run, reap, report_death, wait_out

KILLED = "signal 9 (SIGKILL)"
ENOUGH_RUNS = 3
WORKERS = ["w1", "w2", "w3"]
A_WHILE = 3600.0
"""Longer than any test: leases and back-offs end when a rule lets them."""

EXAMPLES = {"sqlite": 30, "postgresql": 15}
REMEMBERED = 6
"""Tickets of the past whose holders still act."""

Write = Callable[[Session, str, int], Any]


def has_run(holds: Callable[[ModelRun], bool]) -> Callable[[LifeMachine], bool]:
    """Precondition: there is a run of that kind, so that few steps are wasted."""
    return lambda self: any(map(holds, self.model.values()))


def is_free(run: ModelRun) -> bool:
    return run.status is RunStatus.QUEUED and not run.waits and not run.deleted


def is_running(run: ModelRun) -> bool:
    return run.status is RunStatus.RUNNING


class LifeMachine(RuleBasedStateMachine):
    """Workers, stale ones too, their parents, a scheduler and people, on one database."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self.db = db
        self.model: dict[str, ModelRun] = {}
        self.held: list[Ticket] = []
        clear(db)

    @initialize()
    def first(self) -> None:
        self.create()

    @rule()
    @precondition(lambda self: len(self.model) < ENOUGH_RUNS)
    def create(self) -> None:
        run_id = make_run(self.db)
        self.model[run_id] = ModelRun(run_id)

    def pick(self, data: st.DataObject, holds: Callable[[ModelRun], bool]) -> ModelRun:
        """A run of that kind, if there is one, or any."""
        every = list(self.model.values())
        fitting = list(filter(holds, every)) if data.draw(st.integers(0, 3)) else []
        return data.draw(st.sampled_from(fitting or every))

    def ticket(self, data: st.DataObject) -> Ticket:
        """An owner's or, about as often, one whose holder owns the run no longer, or never did."""
        if data.draw(st.booleans()):
            never = Ticket(next(iter(self.model)), 0, "w1")
            return data.draw(st.sampled_from([*self.held[-REMEMBERED:], never]))
        if not any(map(is_running, self.model.values())):
            if not any(map(is_free, self.model.values())):
                self.back_offs_are_over()
            if not any(map(is_free, self.model.values())):
                self.create()
            self.take(next(filter(is_free, self.model.values())), "w1")
        run = data.draw(st.sampled_from(list(filter(is_running, self.model.values()))))
        return Ticket(run.id, len(run.attempts), run.newest.worker_id)

    # What workers do

    @rule(data=st.data(), worker_id=st.sampled_from(WORKERS))
    def claim(self, data: st.DataObject, worker_id: str) -> None:
        self.take(self.pick(data, lambda run: is_free(run) or run.waits), worker_id)

    def take(self, run: ModelRun, worker_id: str) -> None:
        """Claim a run, which goes well exactly when it is free."""
        free = is_free(run)
        with self.db.write() as session:
            claim = lifecycle.claim(
                session,
                run.id,
                worker_id=worker_id,
                host="host",
                device="cpu",
                lease_seconds=A_WHILE,
            )
        assert (claim is not None) == free
        if claim is not None:
            run.claim(worker_id)
            assert claim.attempt == len(run.attempts)
            self.held.append(Ticket(run.id, claim.attempt, worker_id))

    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        self.go_on(self.ticket(data))

    def go_on(self, ticket: Ticket) -> None:
        """As an attempt does before it measures anything."""
        run = self.model[ticket.run_id]
        step = run.checkpoints[-1] if run.checkpoints else 0
        self.act(ticket, lambda s, r, n: lifecycle.set_resumed(s, r, n, step), run.resume)

    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        ticket = self.ticket(data)
        run = self.model[ticket.run_id]

        def renew(session: Session, run_id: str, attempt: int) -> None:
            answer = lifecycle.renew(session, run_id, attempt, lease_seconds=A_WHILE)
            assert answer is (StopReason.CANCELLED if run.cancel_requested else None)

        def renewed() -> None:
            run.expired = False

        self.act(ticket, renew, renewed)

    @rule(data=st.data())
    def parents_renew(self, data: st.DataObject) -> None:
        tickets = [self.ticket(data) for _ in range(2)]
        held = {(ticket.run_id, ticket.attempt) for ticket in tickets}
        with self.db.write() as session:
            leases.renew_all(session, held, lease_seconds=A_WHILE)
            owners = leases.owners(session, held)
        assert owners == {
            (ticket.run_id, ticket.attempt)
            for ticket in tickets
            if self.model[ticket.run_id].owned_by(ticket)
        }
        for run_id, _ in owners:
            self.model[run_id].expired = False

    @rule(data=st.data(), count=st.integers(1, 3))
    def measure(self, data: st.DataObject, count: int) -> None:
        self.write(self.ticket(data), count)

    def write(self, ticket: Ticket, count: int) -> None:
        """The next steps' losses; a stale attempt would write over its successors'."""
        run = self.model[ticket.run_id]
        if run.owned_by(ticket) and not run.newest.resumed:
            self.go_on(ticket)
        done = len(run.metrics) if run.owned_by(ticket) else 0
        points: list[metrics.Point] = [
            ("loss", step, None, float(ticket.attempt))
            for step in range(done + 1, done + 1 + count)
        ]
        self.act(
            ticket,
            lambda s, r, n: metrics.write_metrics(s, r, points, attempt=n),
            lambda: run.metrics.extend([ticket.attempt] * count),
        )

    @rule(data=st.data())
    def say(self, data: st.DataObject) -> None:
        ticket = self.ticket(data)

        def say(session: Session, run_id: str, attempt: int) -> None:
            lifecycle.save_progress(session, run_id, attempt, {"epoch": 1})
            logs.append(session, run_id, attempt, ["a line"])

        self.act(ticket, say)

    @rule(data=st.data(), further=st.booleans())
    def checkpoint(self, data: st.DataObject, further: bool) -> None:
        ticket = self.ticket(data)
        run = self.model[ticket.run_id]
        self.write(ticket, 1)
        step = len(run.metrics)

        def record(session: Session, run_id: str, attempt: int) -> None:
            artifacts.record_artifact(
                session,
                run_id,
                attempt,
                kind="checkpoint",
                name=f"checkpoint-{step}",
                media_type="a/b",
                stored=StoredFile(f"{run_id}/{attempt}/{step}", 1, "0" * 64),
                step=step,
            )

        def recorded() -> None:
            run.checkpoints.append(step)
            run.lost = 0

        self.act(ticket, record, recorded)
        if further:  # what comes after the checkpoint is measured again after a loss
            self.write(ticket, 2)

    @rule(data=st.data())
    def drop_a_checkpoint(self, data: st.DataObject) -> None:
        ticket = self.ticket(data)
        run = self.model[ticket.run_id]
        with self.db.read() as session:
            newest = artifacts.latest_checkpoints(session, ticket.run_id)
        if newest:
            self.act(
                ticket,
                lambda s, r, n: artifacts.drop_artifact(s, r, n, newest[0].id),
                run.checkpoints.pop,
            )

    @rule(worker_id=st.sampled_from(WORKERS))
    @precondition(has_run(is_running))
    def shut_down(self, worker_id: str) -> None:
        with self.db.write() as session:
            given = lifecycle.hand_back_all(session, worker_id, reason="drained")
        held = [
            run
            for run in self.model.values()
            if is_running(run) and run.newest.worker_id == worker_id
        ]
        assert given == sorted(run.id for run in held)
        for run in held:
            run.hand_back()

    @rule(data=st.data(), how=st.sampled_from(["hand_back", "succeed", "fail", "give_up"]))
    def end(self, data: st.DataObject, how: str) -> None:
        """One rule for all ends, so that most attempts live for a while."""
        ticket = self.ticket(data)
        run = self.model[ticket.run_id]

        def publish(session: Session, run_id: str, attempt: int) -> None:
            folded_models.register(
                session, run_id, attempt, name="m", verdict="exact", certificate={}, test_acc=1.0
            )
            lifecycle.succeed(session, run_id, attempt)

        def published() -> None:
            run.registered = True
            run.end(RunStatus.SUCCEEDED, "succeeded")

        ends: dict[str, tuple[Write, Callable[[], None]]] = {
            "hand_back": (
                lambda s, r, n: lifecycle.hand_back(s, r, n, reason="drained"),
                run.hand_back,
            ),
            "succeed": (publish, published),
            "fail": (
                lambda s, r, n: lifecycle.fail(s, r, n, reason="loss_not_finite", detail="NaN"),
                lambda: run.end(RunStatus.FAILED, "failed", "loss_not_finite"),
            ),
            "give_up": (
                lifecycle.end_cancelled,
                lambda: run.end(RunStatus.CANCELLED, "cancelled", "cancelled"),
            ),
        }
        self.act(ticket, *ends[how])

    # What happens to workers, and what others do about it

    @rule(noticed=st.booleans())
    @precondition(has_run(is_running))
    def leases_run_out(self, noticed: bool) -> None:
        for run in filter(is_running, self.model.values()):
            expire(self.db, run.id)
            run.expired = True
        if noticed:
            self.reap()

    @rule()
    @precondition(has_run(lambda run: run.waits))
    def back_offs_are_over(self) -> None:
        for run in self.model.values():
            if run.waits:
                wait_out(self.db, run.id)
                run.waits = False

    @rule()
    @precondition(has_run(lambda run: run.expired))
    def reap(self) -> None:
        silent = [run for run in self.model.values() if run.expired]
        back = sorted(run.id for run in silent if run.lose(None))
        assert reap(self.db, max_lost=MOST_LOST, backoff=A_WHILE) == back

    @rule(data=st.data())
    def report_death(self, data: st.DataObject) -> None:
        ticket = self.ticket(data)
        run = self.model[ticket.run_id]
        again = run.owned_by(ticket) and run.lose(KILLED)
        if not again and ticket.attempt:
            stale = run.attempts[ticket.attempt - 1]
            if stale.outcome == "lost":
                stale.exit = KILLED
        assert again == report_death(
            self.db,
            ticket.run_id,
            ticket.attempt,
            KILLED,
            max_lost=MOST_LOST,
            backoff=A_WHILE,
        )

    @rule(data=st.data())
    def note_refused(self, data: st.DataObject) -> None:
        ticket = self.ticket(data)
        with self.db.write() as session:
            lifecycle.note_refused(session, ticket.run_id, ticket.attempt)
        if ticket.attempt:
            self.model[ticket.run_id].attempts[ticket.attempt - 1].refused += 1

    @rule()
    def wake(self) -> None:
        with self.db.write() as session:
            due = lifecycle.due_to_wake(session, again_seconds=A_WHILE, limit=10)
            lifecycle.mark_woken(session, due)
        waiting = [run for run in self.model.values() if is_free(run) and not run.woken]
        assert due == sorted(run.id for run in waiting)
        for run in waiting:
            run.woken = True

    # What people do

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        run = self.pick(data, lambda run: not run.ended)
        self.ask(run, runs.cancel_run, run.cancel, allowed=not run.ended)

    @rule(data=st.data(), wish=st.sampled_from(["retry", "delete", "restore"]))
    @precondition(has_run(lambda run: run.ended))
    def after_the_end(self, data: st.DataObject, wish: str) -> None:
        run = self.pick(data, lambda run: run.ended)
        if wish == "retry":
            allowed = run.status in (RunStatus.FAILED, RunStatus.CANCELLED)
            self.ask(run, runs.retry_run, run.retry, allowed=allowed)
        elif wish == "delete":
            self.ask(run, runs.delete_run, run.delete, allowed=run.ended)
        else:
            with self.db.write() as session:
                runs.restore_run(session, run.id)
            run.deleted = False

    def act(self, ticket: Ticket, write: Write, then: Callable[[], object] = lambda: None) -> None:
        """A write of a worker: the owner's goes through, any other's leaves not a trace."""
        if self.model[ticket.run_id].owned_by(ticket):
            with self.db.write() as session:
                write(session, ticket.run_id, ticket.attempt)
            then()
            return
        before = all_rows(self.db)
        with pytest.raises(StaleAttemptError), self.db.write() as session:
            write(session, ticket.run_id, ticket.attempt)
        assert all_rows(self.db) == before

    def ask(
        self,
        run: ModelRun,
        change: Callable[[Session, str], object],
        then: Callable[[], None],
        *,
        allowed: bool,
    ) -> None:
        """A wish of a person: granted where the run's state allows it, else said why not."""
        if allowed and not run.deleted:
            with self.db.write() as session:
                change(session, run.id)
            then()
            return
        refusal = NotFoundError if run.deleted else ConflictError
        before = all_rows(self.db)
        with pytest.raises(refusal), self.db.write() as session:
            change(session, run.id)
        assert all_rows(self.db) == before

    # What must hold after each step

    @invariant()
    def stored_is_as_in_the_model(self) -> None:
        with self.db.read() as session:
            self.check_runs(session)
            self.check_attempts(session)
            self.check_measured(session)
            self.check_events(session)

    def check_runs(self, session: Session) -> None:
        moment = now(session)
        stored = {run.id: run for run in session.scalars(select(Run))}
        assert set(stored) == set(self.model)
        for run_id, model in self.model.items():
            run = stored[run_id]
            assert (run.status, run.reason, run.attempt, run.lost) == (
                model.status,
                model.reason,
                len(model.attempts),
                model.lost,
            )
            assert run.cancel_requested == model.cancel_requested
            assert (run.deleted_at is not None) == model.deleted
            assert (run.finished_at is not None) == (run.status in TERMINAL)
            assert (run.woken_at is not None) == model.woken
            running = run.status == RunStatus.RUNNING
            assert run.worker_id == (model.newest.worker_id if running else None)
            assert (run.lease_expires_at is not None) == running
            if run.lease_expires_at is not None:
                assert (run.lease_expires_at < moment) == model.expired
            assert (run.not_before is not None and run.not_before > moment) == model.waits
            assert run.not_before is None or run.status == RunStatus.QUEUED
            assert run.lost < MOST_LOST or (run.status, run.reason) == ("failed", "poison")

    def check_attempts(self, session: Session) -> None:
        """They are numbered from 1 on, only the newest may run, and the log tells of the lost."""
        rows = session.scalars(select(Attempt).order_by(Attempt.run_id, Attempt.number)).all()
        assert [
            (row.run_id, row.number, row.worker_id, row.outcome, row.exit, row.refused)
            for row in rows
        ] == [
            (run_id, number, each.worker_id, each.outcome, each.exit, each.refused)
            for run_id, model in sorted(self.model.items())
            for number, each in enumerate(model.attempts, start=1)
        ]
        for row in rows:
            model = self.model[row.run_id]
            newest = row.number == len(model.attempts)
            assert (row.outcome == "running") == (newest and is_running(model))
            assert (row.finished_at is None) == (row.outcome == "running")
        told = select(LogLine.run_id, LogLine.attempt).where(LogLine.text.like("attempt %"))
        assert sorted(tuple(row) for row in session.execute(told)) == [
            (row.run_id, row.number) for row in rows if row.outcome == "lost"
        ]

    def check_measured(self, session: Session) -> None:
        """What the newest attempts measured is there without a gap, and nothing else."""
        query = select(Metric.run_id, Metric.step, Metric.value)
        rows = session.execute(query.order_by(Metric.run_id, Metric.step))
        assert [tuple(row) for row in rows] == [
            (run_id, step, float(attempt))
            for run_id, model in sorted(self.model.items())
            for step, attempt in enumerate(model.metrics, start=1)
        ]
        with_model = set(session.scalars(select(FoldedModel.run_id)))
        assert with_model == {run_id for run_id, model in self.model.items() if model.registered}

    def check_events(self, session: Session) -> None:
        """Ids rise, and each change of a run is told in its turn."""
        found = events.after(session, 0, limit=100_000)
        ids = [event.id for event in found]
        assert ids == sorted(set(ids))
        told: dict[str, list[tuple[str, int]]] = {run_id: [] for run_id in self.model}
        for event in found:
            if event.kind == "run" and event.run_id is not None:
                standing = (event.data["status"], event.data["attempt"])
                if told[event.run_id][-1:] != [standing]:
                    told[event.run_id].append(standing)
        assert told == {run_id: model.told for run_id, model in self.model.items()}
        for each in told.values():
            for (before, _), (after, _) in pairwise(each):
                assert after in TRANSITIONS[RunStatus(before)]


def test_a_run_lives_as_its_model_does_whatever_anybody_does(db: Database) -> None:
    run_state_machine_as_test(
        lambda: LifeMachine(db),
        settings=settings(
            max_examples=EXAMPLES[db.dialect],
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
