"""Routes about the service itself."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request, Response

from rscore.spec import RunSpec
from server.api.deps import Service
from server.api.responses import problems
from server.api.schemas import Health, Readiness, ServiceInfo

router = APIRouter(tags=["system"])

VERSION = version("realspike")


@router.get("/health", responses=problems())
async def get_health() -> Health:
    """Say that the process answers."""
    return Health(status="ok", version=VERSION)


@router.get(
    "/ready",
    responses={
        **problems(),
        503: {"model": Readiness, "description": "A check failed; `checks` says which and why."},
    },
)
async def get_readiness(services: Service, response: Response) -> Readiness:
    """Check the database, its schema, the file store and the broker, for at most some seconds."""
    readiness = await services.checks.readiness()
    if not readiness.ready:
        response.status_code = 503
    return readiness


@router.get("/info", responses=problems())
def get_info(request: Request, services: Service) -> ServiceInfo:
    """Say what this service is and how it is set up."""
    settings = services.settings
    return ServiceInfo.model_validate(
        {
            "version": VERSION,
            "mode": "embedded" if settings.embedded else "team",
            "database": services.db.dialect,
            "broker": "redis" if settings.broker_folder is None else "filesystem",
            "study_run_limit": settings.study_run_limit,
            "web": request.app.state.web,
        }
    )


@router.get("/spec/schema", responses=problems())
def get_spec_schema() -> dict[str, Any]:
    """JSON schema of a run's spec; `group` says which part of a form a field belongs to."""
    return RunSpec.model_json_schema()
