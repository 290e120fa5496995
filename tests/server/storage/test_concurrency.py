"""What several threads and processes do at once, on both backends."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from typing import TypeVar

import pytest
from sqlalchemy.orm import Session

from server.errors import StaleAttemptError
from server.storage import events, idempotency, lifecycle, metrics, runs
from server.storage.database import Database
from server.storage.states import RunStatus
from tests.support.runs import claim_run, get, make_run, reap, report_death, run_in

T = TypeVar("T")

ENOUGH_ATTEMPTS = 30
MOST_TURNS = 3000
"""Turns after which somebody who waits for others gives up, so that a fault ends the test."""


def together(count: int, work: Callable[[int], T]) -> list[T]:
    """Results of `work(0..count-1)`, all started at the same moment."""
    barrier = threading.Barrier(count)

    def start(number: int) -> T:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(start, range(count)))


def try_to_claim(db: Database, run_id: str, worker_id: str) -> bool:
    with db.write() as session:
        claim = lifecycle.claim(
            session, run_id, worker_id=worker_id, host="h", device="cpu", lease_seconds=60
        )
    return claim is not None


def claim_all(url: str, run_ids: list[str], worker_id: str) -> list[str]:
    """What one process gets of these runs."""
    db = Database(url)
    won = [run_id for run_id in run_ids if try_to_claim(db, run_id, worker_id)]
    db.close()
    return won


class TestClaim:
    def test_exactly_one_thread_wins(self, db: Database) -> None:
        for _ in range(5):
            run_id = make_run(db)

            def claim(number: int, run_id: str = run_id) -> bool:
                return try_to_claim(db, run_id, f"w{number}")

            won = together(6, claim)
            assert sorted(won) == [False] * 5 + [True]
            run = get(db, run_id)
            assert (run.attempt, run.worker_id) == (1, f"w{won.index(True)}")
            with db.read() as session:
                assert len(runs.attempts_of(session, run_id)) == 1

    def test_exactly_one_process_wins(self, db: Database, database_url: str) -> None:
        run_ids = [make_run(db) for _ in range(15)]
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            tasks = [
                pool.apply_async(claim_all, (database_url, order, f"w{number}"))
                for number, order in enumerate([run_ids, run_ids[::-1]])
            ]
            won = [run_id for task in tasks for run_id in task.get(timeout=60)]
            pool.close()
            pool.join()
        assert sorted(won) == run_ids
        assert {get(db, run_id).attempt for run_id in run_ids} == {1}


class TestEnding:
    def test_a_run_ends_once_whoever_is_first(self, db: Database) -> None:
        for _ in range(5):
            run_id = make_run(db)
            claim_run(db, run_id, lease_seconds=-1)

            def end(number: int, run_id: str = run_id) -> str:
                try:
                    with db.write() as session:
                        if number == 0:
                            lifecycle.succeed(session, run_id, 1)
                            return "succeeded"
                        if number == 1:
                            runs.cancel_run(session, run_id)
                            lifecycle.end_cancelled(session, run_id, 1)
                            return "cancelled"
                        reaped = lifecycle.reap_expired(session, max_lost=1, backoff=0)
                        return "failed" if not reaped and _is_failed(session, run_id) else ""
                except Exception as error:  # noqa: BLE001
                    return type(error).__name__

            together(3, end)
            run = get(db, run_id)
            assert run.status in ("succeeded", "cancelled", "failed")
            with db.read() as session:
                (attempt,) = runs.attempts_of(session, run_id)
                endings = [
                    event.data["status"]
                    for event in events.after(session, 0, run_id=run_id)
                    if event.kind == "run"
                    and event.data["status"] in ("succeeded", "cancelled", "failed")
                ]
            assert endings == [run.status]
            assert attempt.finished_at is not None

    def test_only_one_scheduler_reaps_a_run(self, db: Database) -> None:
        run_ids = [make_run(db) for _ in range(8)]
        for run_id in run_ids:
            claim_run(db, run_id, lease_seconds=-1)

        reaped = [run_id for ids in together(3, lambda _: reap(db)) for run_id in ids]
        assert sorted(reaped) == run_ids
        assert {get(db, run_id).lost for run_id in run_ids} == {1}


def _is_failed(session: Session, run_id: str) -> bool:
    return runs.get_run(session, run_id).status == RunStatus.FAILED


class TestFencing:
    def test_a_write_that_waited_for_the_reaper_is_refused(self, db: Database) -> None:
        run_id = make_run(db)
        claim_run(db, run_id, lease_seconds=-1)
        started = threading.Event()

        def write() -> None:
            started.set()
            with db.write() as session:
                metrics.write_metrics(session, run_id, [("late", 1, None, 1.0)], attempt=1)

        with ThreadPoolExecutor(1) as pool:
            with db.write() as session:
                assert lifecycle.reap_expired(session, max_lost=3, backoff=0) == [run_id]
                waiting = pool.submit(write)
                started.wait(10)
            with pytest.raises(StaleAttemptError):
                waiting.result(timeout=30)
        assert get(db, run_id).summary == {}


class TestLifeTogether:
    def test_one_claim_wins_each_attempt_while_everybody_pulls(self, db: Database) -> None:
        """Workers claim, renew, measure and die, parents report and schedulers reap, at once."""
        run_id = make_run(db)
        won: list[list[int]] = [[] for _ in range(4)]
        written: list[int] = []
        enough = threading.Event()

        def work(number: int) -> None:
            for turn in takewhile(lambda _: not enough.is_set(), range(MOST_TURNS)):
                with db.write() as session:
                    claim = lifecycle.claim(
                        session,
                        run_id,
                        worker_id=f"w{number}",
                        host="h",
                        device="cpu",
                        lease_seconds=60 if turn % 2 else -1,
                    )
                if claim is None:
                    continue
                won[number].append(claim.attempt)
                if claim.attempt >= ENOUGH_ATTEMPTS:
                    enough.set()
                self._live(db, claim, written, dies=turn % 2 == 1)

        def reap_on() -> None:
            for _ in takewhile(lambda _: not enough.is_set(), range(MOST_TURNS)):
                reap(db, max_lost=1000)

        together(6, lambda number: work(number) if number < 4 else reap_on())

        run = get(db, run_id)
        assert run.attempt >= ENOUGH_ATTEMPTS
        assert sorted(number for each in won for number in each) == list(range(1, run.attempt + 1))
        with db.read() as session:
            attempts = runs.attempts_of(session, run_id)
            steps = {
                step
                for series in metrics.read_metrics(session, run_id, names=None, max_points=1000)
                for step in series.steps
            }
            told = [
                (event.data["status"], event.data["attempt"])
                for event in events.after(session, 0, run_id=run_id, limit=10_000)
                if event.kind == "run"
            ]
        assert [each.number for each in attempts] == list(range(1, run.attempt + 1))
        for each in attempts:
            assert each.number in won[int(each.worker_id.removeprefix("w"))]
        assert {each.outcome for each in attempts[:-1]} <= {"lost"}
        assert steps == set(written)
        expected = [("queued", 0)]
        for number in range(1, run.attempt + 1):
            expected += [("running", number), ("queued", number)]
        assert told == (expected if run.status == RunStatus.QUEUED else expected[:-1])

    def _live(
        self, db: Database, claim: lifecycle.Claim, written: list[int], *, dies: bool
    ) -> None:
        """Measure at the step that is the attempt's number; then die, or be too slow to renew."""
        try:
            with db.write() as session:
                points: list[metrics.Point] = [("a", claim.attempt, None, 1.0)]
                metrics.write_metrics(session, claim.run_id, points, attempt=claim.attempt)
            written.append(claim.attempt)
            with db.write() as session:
                lifecycle.renew(session, claim.run_id, claim.attempt, lease_seconds=-1)
        except StaleAttemptError:
            return
        if dies:
            report_death(db, claim.run_id, claim.attempt, max_lost=1000)


class TestMetrics:
    def test_batches_written_at_once_all_reach_the_summary(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)

        def write(number: int) -> None:
            with db.write() as session:
                points = [(f"m{number}", step, None, float(step)) for step in range(50)]
                metrics.write_metrics(session, run_id, points, attempt=1)

        together(6, write)
        assert get(db, run_id).summary == {f"m{number}": 49.0 for number in range(6)}


class TestEvents:
    def test_a_reader_that_follows_misses_nothing(self, db: Database) -> None:
        """Ids become visible in rising order, however the commits interleave."""
        writers, each = 5, 12
        seen: list[int] = []
        done = threading.Event()

        def write(number: int) -> None:
            for turn in range(each):
                with db.write() as session:
                    for part in range(2):
                        data = {"writer": number, "turn": turn, "part": part}
                        events.emit(session, "worker", data=data)

        def follow() -> None:
            finished = False
            while not finished:
                finished = done.is_set()
                with db.read() as session:
                    last = seen[-1] if seen else 0
                    seen.extend(event.id for event in events.after(session, last, limit=7))
            with db.read() as session:
                seen.extend(event.id for event in events.after(session, seen[-1]))

        reader = threading.Thread(target=follow)
        reader.start()
        together(writers, write)
        done.set()
        reader.join()
        with db.read() as session:
            stored = events.after(session, 0)
        assert len(stored) == writers * each * 2
        assert seen == [event.id for event in stored]
        for first, second in zip(stored[::2], stored[1::2], strict=True):
            assert (first.data["part"], second.data["part"]) == (0, 1)
            assert first.data["turn"] == second.data["turn"]

    def test_the_later_commit_has_the_higher_id(self, postgres_url: str) -> None:
        db = Database(postgres_url)
        with db.write() as slow:
            events.emit(slow, "worker", data={"who": "slow"})
            with db.write() as quick:
                events.emit(quick, "worker", data={"who": "quick"})
        with db.read() as session:
            assert [event.data["who"] for event in events.after(session, 0)] == ["quick", "slow"]
        db.close()


class TestIdempotency:
    def test_the_same_request_at_once_makes_one_thing(self, db: Database) -> None:
        def create(_: int) -> str:
            with db.write() as session:
                known = idempotency.find(session, "key", "digest")
                if known is not None:
                    return known
                run = runs.create_run(
                    session,
                    name="n",
                    experiment="e",
                    tags=[],
                    priority=0,
                    spec={},
                    spec_digest="0" * 64,
                )
                idempotency.remember(session, "key", "digest", run.id)
                return run.id

        made = together(5, create)
        assert len(set(made)) == 1
        with db.read() as session:
            assert runs.list_runs(session).total == 1
