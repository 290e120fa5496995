"""Folded models."""

from __future__ import annotations

import pytest

from server.errors import NotFoundError
from server.storage import events, folded_models, lifecycle, runs
from server.storage.database import Database
from server.storage.models import FoldedModel, Run
from server.storage.states import RunStatus
from tests.support.runs import claim_run, run_in


def register(db: Database, run_id: str, attempt: int = 1, acc: float | None = 0.97) -> FoldedModel:
    with db.write() as session:
        return folded_models.register(
            session,
            run_id,
            attempt,
            name="model",
            verdict="exact",
            certificate={"max_error": 1e-7},
            test_acc=acc,
        )


def test_round_trip(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    made = register(db, run_id)
    with db.read() as session:
        found = folded_models.get_model(session, made.id)
        assert (found.run_id, found.verdict, found.test_acc) == (run_id, "exact", 0.97)
        assert found.certificate == {"max_error": 1e-7}
        of_run = folded_models.model_of_run(session, run_id)
        assert of_run is not None
        assert of_run.id == made.id
        event = events.after(session, 0, run_id=run_id)[-1]
    assert (event.kind, event.data) == ("model", {"model_id": made.id, "verdict": "exact"})


def test_a_later_attempt_replaces_it(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    first = register(db, run_id)
    with db.write() as session:
        lifecycle.hand_back(session, run_id, 1, reason="drained")
    claim_run(db, run_id)
    second = register(db, run_id, attempt=2, acc=None)
    with db.read() as session:
        with pytest.raises(NotFoundError):
            folded_models.get_model(session, first.id)
        page = folded_models.list_models(session)
    assert [(model.id, model.test_acc) for model in page.items] == [(second.id, None)]


def test_list_is_paged_and_filtered_by_the_run_too(db: Database) -> None:
    made = [register(db, run_in(db, RunStatus.RUNNING, priority=n), acc=n / 10) for n in range(5)]
    with db.read() as session:
        first = folded_models.list_models(session, limit=2)
        second = folded_models.list_models(session, limit=3, cursor=first.next_cursor)
        urgent = folded_models.list_models(
            session, where=(Run.priority > 2) & (FoldedModel.test_acc < 0.4)
        )
        of_study = folded_models.list_models(session, study_id="stu_nowhere")
    assert first.total == second.total == 5
    ids = [model.id for model in [*first.items, *second.items]]
    assert ids == [model.id for model in made[::-1]]
    assert second.next_cursor is None
    assert [model.id for model in urgent.items] == [made[3].id]
    assert (of_study.items, of_study.total) == ([], 0)


def test_gone_with_its_run(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    made = register(db, run_id)
    with db.write() as session:
        lifecycle.succeed(session, run_id, 1)
        runs.delete_run(session, run_id)
    with db.read() as session:
        assert folded_models.list_models(session).total == 0
        assert folded_models.model_of_run(session, run_id) is None
        with pytest.raises(NotFoundError):
            folded_models.get_model(session, made.id)
