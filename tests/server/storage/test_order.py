"""The order in which queued runs begin, as it is woken and as it is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from server.storage import lifecycle, runs, studies
from server.storage.database import Database, now
from server.storage.models import Run
from server.storage.states import RunStatus
from tests.support.runs import claim_run, get, make_run, reap, run_in, wait_out
from tests.support.studies import make_study


def due(db: Database, limit: int = 100) -> list[str]:
    with db.read() as session:
        return lifecycle.due_to_wake(session, again_seconds=60, limit=limit)


def position(db: Database, run_id: str) -> int | None:
    with db.read() as session:
        return runs.queue_position(session, runs.get_run(session, run_id))


def test_one_study_after_the_other_whenever_their_runs_were_made(db: Database) -> None:
    alone = make_run(db)
    older, younger = make_study(db), make_study(db)
    of_younger = [make_run(db, study_id=younger) for _ in range(2)]
    of_older = [make_run(db, study_id=older) for _ in range(2)]
    last = make_run(db)
    order = [alone, *of_older, *of_younger, last]
    assert due(db) == order
    assert [position(db, run_id) for run_id in order] == [1, 2, 3, 4, 5, 6]
    with db.write() as session:
        studies.change_study(session, younger, priority=1)
    assert due(db) == [*of_younger, alone, *of_older, last]


def test_a_run_that_is_tried_again_keeps_its_place_in_the_study(db: Database) -> None:
    study_id = make_study(db)
    failed = run_in(db, RunStatus.FAILED, study_id=study_id)
    waiting = make_run(db, study_id=study_id)
    other = make_run(db)
    with db.write() as session:
        runs.retry_run(session, failed)
    assert due(db) == [failed, waiting, other]


def test_a_study_stands_in_line_with_no_more_than_it_may_have_running(db: Database) -> None:
    study_id = make_study(db, parallel=2)
    first, second, third = (make_run(db, study_id=study_id) for _ in range(3))
    other = make_run(db)
    assert due(db) == [first, second, other]
    assert [position(db, run_id) for run_id in (third, other)] == [None, 3]
    claim_run(db, first)
    assert due(db) == [second, other]
    claim_run(db, second)
    assert due(db) == [other]


def test_who_waits_for_something_else_has_no_place_and_counts_for_nobody(db: Database) -> None:
    paused, back_off, held = make_study(db), make_run(db), make_study(db, parallel=1)
    in_paused = make_run(db, study_id=paused)
    with db.write() as session:
        studies.pause_study(session, paused)
        session.execute(update(Run).where(Run.id == in_paused).values(status=RunStatus.QUEUED))
    claim_run(db, back_off, lease_seconds=-1)
    reap(db, backoff=60)
    claim_run(db, make_run(db, study_id=held))
    in_held = make_run(db, study_id=held)
    last = make_run(db)
    assert [position(db, each) for each in (in_paused, back_off, in_held, last)] == [
        None,
        None,
        None,
        1,
    ]
    wait_out(db, back_off)
    assert [position(db, each) for each in (back_off, last)] == [1, 2]


@pytest.mark.parametrize("messages", [1, 3])
def test_no_more_messages_go_out_than_runs_can_begin(db: Database, messages: int) -> None:
    """A priority that changes afterwards is then not behind a broker full of messages."""
    study_id = make_study(db)
    waiting = [make_run(db, study_id=study_id) for _ in range(10)]
    for _ in range(3):  # passes of the scheduler, while nobody has taken a message yet
        sent = due(db, limit=messages)
        with db.write() as session:
            lifecycle.mark_woken(session, sent)
    assert [run_id for run_id in waiting if get(db, run_id).woken_at] == waiting[:messages]
    urgent = make_run(db, priority=1)
    assert due(db, limit=messages) == [urgent]


def test_a_message_that_was_lost_is_sent_again(db: Database) -> None:
    run_id = make_run(db)
    with db.write() as session:
        lifecycle.mark_woken(session, [run_id])
    assert due(db, limit=1) == []
    with db.write() as session:
        past = now(session) - timedelta(seconds=61)
        session.execute(update(Run).where(Run.id == run_id).values(woken_at=past))
    assert due(db, limit=1) == [run_id]


def test_a_worker_that_takes_none_passes_the_message_on(db: Database) -> None:
    waiting, running = make_run(db), run_in(db, RunStatus.RUNNING)
    with db.write() as session:
        lifecycle.mark_woken(session, [waiting])
    assert due(db) == []
    with db.write() as session:
        for run_id in (waiting, running):
            lifecycle.pass_on(session, run_id)
    assert due(db) == [waiting]
