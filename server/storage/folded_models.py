"""Folded models: one for a run that was folded and certified."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from server.errors import NotFoundError
from server.storage.clock import now
from server.storage.events import emit
from server.storage.ids import new_id
from server.storage.models import FoldedModel, Run
from server.storage.pages import Page, newest_first
from server.storage.transitions import lock_owned


def register(
    session: Session,
    run_id: str,
    attempt: int,
    *,
    name: str,
    verdict: str,
    certificate: dict[str, Any],
    test_acc: float | None,
) -> FoldedModel:
    """The model of the attempt that owns the run; one that an earlier attempt made goes."""
    run = lock_owned(session, run_id, attempt)
    session.execute(delete(FoldedModel).where(FoldedModel.run_id == run_id))
    model = FoldedModel(
        id=new_id("mod"),
        run_id=run_id,
        name=name,
        verdict=verdict,
        certificate=certificate,
        test_acc=test_acc,
        created_at=now(session),
    )
    session.add(model)
    data = {"model_id": model.id, "verdict": verdict}
    emit(session, "model", run_id=run_id, study_id=run.study_id, data=data)
    return model


def get_model(session: Session, model_id: str) -> FoldedModel:
    """The model; raises NotFoundError, also for a deleted one."""
    model = session.get(FoldedModel, model_id)
    if model is None or model.deleted_at is not None:
        raise NotFoundError("model", model_id)
    return model


def model_of_run(session: Session, run_id: str) -> FoldedModel | None:
    """The model that a run made, if it did."""
    query = select(FoldedModel).where(
        FoldedModel.run_id == run_id, FoldedModel.deleted_at.is_(None)
    )
    return session.scalars(query).one_or_none()


def list_models(
    session: Session,
    *,
    where: ColumnElement[bool] | None = None,
    study_id: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[FoldedModel]:
    """Models, newest first; `where` may speak of the model and of its run."""
    query = (
        select(FoldedModel)
        .join(Run, Run.id == FoldedModel.run_id)
        .where(FoldedModel.deleted_at.is_(None))
    )
    if where is not None:
        query = query.where(where)
    if study_id is not None:
        query = query.where(Run.study_id == study_id)
    return newest_first(session, query, FoldedModel.id, limit=limit, cursor=cursor)
