"""Failed and cancelled runs of a study, queued again."""

from __future__ import annotations

import threading

import pytest

from server.errors import ConflictError, NotFoundError
from server.storage import events, lifecycle, metrics, reruns, runs, studies
from server.storage.database import Database
from server.storage.models import Run, Study
from server.storage.states import RunSource, RunStatus
from tests.support.runs import claim_run, get, make_run, run_in
from tests.support.studies import make_study


def rerun(db: Database, study_id: str, which: reruns.Which = "failed") -> tuple[int, int]:
    with db.write() as session:
        done = reruns.rerun(session, study_id, which)
        return done.queued, done.scripts


def statuses(db: Database, *run_ids: str) -> list[str]:
    return [str(get(db, run_id).status) for run_id in run_ids]


@pytest.mark.parametrize(
    ("which", "queued", "after"),
    [
        ("failed", 2, ["queued", "queued", "cancelled"]),
        ("cancelled", 1, ["failed", "failed", "queued"]),
        ("both", 3, ["queued", "queued", "queued"]),
    ],
)
def test_exactly_those_that_were_asked_for(
    db: Database, which: reruns.Which, queued: int, after: list[str]
) -> None:
    study_id = make_study(db)
    ended = [
        run_in(db, status, study_id=study_id)
        for status in (RunStatus.FAILED, RunStatus.FAILED, RunStatus.CANCELLED)
    ]
    others = [
        run_in(db, RunStatus.SUCCEEDED, study_id=study_id),
        run_in(db, RunStatus.RUNNING, study_id=study_id),
        run_in(db, RunStatus.FAILED),
    ]
    deleted = run_in(db, RunStatus.FAILED, study_id=study_id)
    with db.write() as session:
        runs.delete_run(session, deleted)
    assert rerun(db, study_id, which) == (queued, 0)
    assert statuses(db, *ended) == after
    assert statuses(db, *others) == ["succeeded", "running", "failed"]
    with pytest.raises(ConflictError, match="none is queued again"):
        rerun(db, study_id, which)


def test_what_was_tried_and_measured_is_kept(db: Database) -> None:
    study_id = make_study(db)
    run_id = make_run(db, study_id=study_id)
    attempt = claim_run(db, run_id)
    with db.write() as session:
        metrics.write_metrics(session, run_id, [("test_acc", 1, 1, 0.5)], attempt=attempt)
        lifecycle.fail(session, run_id, attempt, reason="internal_error", detail="d")
        studies.change_study(session, study_id, priority=7)
    rerun(db, study_id)
    run = get(db, run_id)
    assert (run.attempt, run.summary, run.lost, run.priority) == (1, {"test_acc": 0.5}, 0, 7)
    assert claim_run(db, run_id) == 2
    with db.read() as session:
        told = [event.data for event in events.after(session, 0, study_id=study_id)]
    assert {"status": "queued"} in told


def test_no_run_is_queued_twice_by_two_at_once(db: Database) -> None:
    study_id = make_study(db)
    failed = [run_in(db, RunStatus.FAILED, study_id=study_id) for _ in range(5)]
    counts: list[int] = []

    def ask() -> None:
        try:
            counts.append(rerun(db, study_id)[0])
        except ConflictError:
            counts.append(0)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 5]
    with db.read() as session:
        told = [str(event.run_id) for event in events.after(session, 0) if event.data.get("was")]
    assert sorted(told) == sorted(3 * failed)  # begun, failed, queued again


def test_trials_that_were_stopped_early_stay_as_they_are(db: Database) -> None:
    study_id = make_study(db, trials=0)
    pruned, failed = (run_in(db, RunStatus.RUNNING, study_id=study_id) for _ in range(2))
    with db.write() as session:
        run = session.get_one(Run, pruned)
        run.cancel_requested, run.cancel_reason = True, "pruned"
    with db.write() as session:
        lifecycle.end_cancelled(session, pruned, 1)
        lifecycle.fail(session, failed, 1, reason="internal_error", detail="d")
    with pytest.raises(ConflictError, match="1 failed, 1 stopped early"):
        rerun(db, study_id, "cancelled")
    assert rerun(db, study_id, "both") == (1, 0)
    assert statuses(db, pruned, failed) == ["cancelled", "queued"]


def test_runs_of_scripts_are_left_out_with_the_reason(db: Database) -> None:
    study_id = make_study(db)
    script = run_in(db, RunStatus.FAILED, study_id=study_id)
    with db.write() as session:
        session.get_one(Run, script).source = RunSource.SCRIPT
    with pytest.raises(ConflictError, match="own scripts"):
        rerun(db, study_id)
    failed = run_in(db, RunStatus.FAILED, study_id=study_id)
    assert rerun(db, study_id) == (1, 1)
    assert statuses(db, script, failed) == ["failed", "queued"]


def test_a_cancelled_study_goes_on(db: Database) -> None:
    study_id = make_study(db)
    waiting = [make_run(db, study_id=study_id) for _ in range(2)]
    with db.write() as session:
        studies.cancel_study(session, study_id)
    with pytest.raises(ConflictError, match="--cancelled"):
        rerun(db, study_id)
    assert rerun(db, study_id, "both") == (2, 0)
    assert statuses(db, *waiting) == ["queued", "queued"]
    with db.read() as session:
        assert session.get_one(Study, study_id).cancelled_at is None


def test_nothing_begins_while_the_study_is_paused(db: Database) -> None:
    study_id = make_study(db)
    make_run(db, study_id=study_id)
    failed = run_in(db, RunStatus.FAILED, study_id=study_id)
    with db.write() as session:
        studies.pause_study(session, study_id)
    rerun(db, study_id)
    with db.read() as session:
        assert lifecycle.due_to_wake(session, again_seconds=1, limit=9) == []
    with db.write() as session:
        studies.resume_study(session, study_id)
    with db.read() as session:
        assert failed in lifecycle.due_to_wake(session, again_seconds=1, limit=9)


def test_a_study_that_is_not_there(db: Database) -> None:
    with pytest.raises(NotFoundError):
        rerun(db, "stu_none")
