"""Route of experiments."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from server.api.deps import Service
from server.api.responses import problems
from server.api.schemas import Wire
from server.storage import experiments
from server.storage.states import RunStatus

router = APIRouter(prefix="/experiments", tags=["experiments"])


class ExperimentRead(Wire):
    """A name under which studies and runs stand; what is deleted or archived is not counted."""

    name: str
    runs: dict[RunStatus, int] = Field(description="How many runs are in which status.")
    studies: dict[str, int] = Field(description="How many studies are in which status.")
    active_at: datetime = Field(description="When something of it was made, begun or ended last.")


class ExperimentList(Wire):
    """All experiments."""

    items: list[ExperimentRead]


@router.get("", responses=problems())
def list_experiments(services: Service) -> ExperimentList:
    """Experiments, the one with the newest activity first."""
    with services.db.read() as session:
        rows = experiments.list_experiments(session)
    return ExperimentList(items=[ExperimentRead.model_validate(row) for row in rows])
