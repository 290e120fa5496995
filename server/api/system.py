"""Routes about the service itself."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request, Response

from rscore.spec import RunSpec
from server.api.deps import Service
from server.api.responses import problems
from server.api.schemas import Health, Readiness, ServiceInfo
from server.api.services import Services
from server.errors import ServerError, StorageUnavailableError
from server.storage.database import schema_is_current

router = APIRouter(tags=["system"])

VERSION = version("realspike")


@router.get("/health", responses=problems())
def get_health() -> Health:
    """Say that the process answers."""
    return Health(status="ok", version=VERSION)


@router.get(
    "/ready",
    responses={
        **problems(),
        503: {"model": Readiness, "description": "A check failed; `checks` says which and why."},
    },
)
def get_readiness(services: Service, response: Response) -> Readiness:
    """Check the database, its schema, the file store and the broker."""
    checks = {
        "database": _outcome(services.db.check),
        "schema": _outcome(lambda: _check_schema(services)),
        "artifacts": _outcome(services.files.check),
        "broker": _outcome(services.queue.check),
    }
    ready = all(outcome == "ok" for outcome in checks.values())
    if not ready:
        response.status_code = 503
    return Readiness(ready=ready, checks=checks)


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


def _check_schema(services: Services) -> None:
    if not schema_is_current(services.db):
        raise StorageUnavailableError("run python -m server.storage.migrations")


def _outcome(check: Callable[[], None]) -> str:
    try:
        check()
    except ServerError as error:
        return str(error)
    return "ok"
