"""The one table from errors to problem+json, and the handlers that use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from rscore.spec import FieldProblem
from server import errors
from server.api.schemas import Problem
from server.api.validation import field_problems
from server.serving.errors import InputError, ModelFileError
from server.storage.texts import clean_text

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its status, the end of its type, and its title."""

    status: int
    slug: str
    title: str


class RangeError(errors.ServerError):
    """A byte range that lies outside the file."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the file has {size} bytes; ask for a range inside it")
        self.size = size


class UploadError(errors.ServerError):
    """An uploaded file that is not the one its name promises."""


TABLE: Mapping[type[Exception], Kind] = MappingProxyType(
    {
        errors.NotFoundError: Kind(404, "not-found", "Not found"),
        errors.ConflictError: Kind(409, "conflict", "Not possible in this state"),
        errors.StaleAttemptError: Kind(409, "stale-attempt", "Superseded attempt"),
        errors.FilterError: Kind(422, "filter-invalid", "Filter does not parse"),
        errors.StudyError: Kind(422, "study-invalid", "Study cannot be expanded"),
        errors.ComparisonError: Kind(422, "comparison-invalid", "Runs cannot be compared so"),
        errors.CursorError: Kind(422, "cursor-invalid", "Unknown cursor"),
        errors.MetricError: Kind(422, "metric-invalid", "Metric cannot be stored"),
        errors.WebhookError: Kind(422, "webhook-invalid", "URL no webhook may have"),
        errors.UnstorableValueError: Kind(422, "value-invalid", "Value cannot be stored"),
        errors.StorageUnavailableError: Kind(503, "storage-unavailable", "Storage unavailable"),
        InputError: Kind(422, "input-invalid", "Samples do not fit the model"),
        ModelFileError: Kind(503, "model-unavailable", "Model cannot be served"),
        RangeError: Kind(416, "range-invalid", "Range outside the file"),
        UploadError: Kind(422, "upload-invalid", "Not the expected file"),
    }
)

HTTP: Mapping[int, Kind] = MappingProxyType(
    {
        400: Kind(400, "bad-request", "Bad request"),
        404: Kind(404, "not-found", "Not found"),
        405: Kind(405, "method-not-allowed", "Method not allowed"),
        413: Kind(413, "too-large", "Request too large"),
        500: Kind(500, "internal", "Internal error"),
    }
)

MALFORMED = Kind(400, "malformed-json", "Not JSON")
INVALID = Kind(422, "request-invalid", "Request does not fit the schema")


def problem_response(
    request_id: str,
    kind: Kind,
    detail: str,
    *,
    hint: str | None = None,
    problems: Sequence[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """One problem+json answer."""
    problem = Problem(
        type=f"/problems/{kind.slug}",
        title=kind.title,
        status=kind.status,
        detail=clean_text(detail),
        hint=hint and clean_text(hint),
        errors=None if problems is None else [_clean(each) for each in problems],
        request_id=request_id,
    )
    return JSONResponse(
        problem.model_dump(mode="json", exclude_none=True),
        status_code=kind.status,
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def _clean(problem: FieldProblem) -> FieldProblem:
    # Names come from the request, and JSON can spell text that UTF-8 cannot.
    return FieldProblem(
        path=clean_text(problem.path, 300),
        message=clean_text(problem.message),
        hint=problem.hint and clean_text(problem.hint),
    )


def request_id_of(request: Request) -> str:
    """The id that the middleware gave this request."""
    return str(getattr(request.state, "request_id", "none"))


def install(app: FastAPI) -> None:
    """Answer every error of the table, of FastAPI and of the router with a problem."""
    for error_type in TABLE:
        app.add_exception_handler(error_type, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _kind(error: Exception) -> Kind:
    return next(TABLE[parent] for parent in type(error).__mro__ if parent in TABLE)


async def _known(request: Request, error: Exception) -> JSONResponse:
    kind = _kind(error)
    if kind.status >= 500:
        log.error("unavailable", path=request.url.path, error=str(error))
    return problem_response(
        request_id_of(request),
        kind,
        str(error),
        hint=getattr(error, "hint", None),
        problems=_problems(error),
        headers={"Content-Range": f"bytes */{error.size}"}
        if isinstance(error, RangeError)
        else None,
    )


def _problems(error: Exception) -> Sequence[FieldProblem] | None:
    match error:
        case errors.StudyError():
            return error.problems
        case errors.FilterError():
            return [FieldProblem(path="filter", message=str(error), hint=error.hint)]
        case errors.WebhookError():
            return [FieldProblem(path="url", message=str(error))]
        case InputError() | errors.ComparisonError():
            return [FieldProblem(path=error.path, message=error.message, hint=error.hint)]
        case _:
            return None


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    items: Sequence[Any] = error.errors()
    request_id = request_id_of(request)
    if any(item["type"] == "json_invalid" for item in items):
        place, reason = items[0]["loc"][-1], items[0]["ctx"]["error"]
        return problem_response(
            request_id, MALFORMED, f"the body is not JSON: {reason} at character {place}"
        )
    problems = field_problems(items, request)
    detail = "; ".join(f"{problem.path or 'body'}: {problem.message}" for problem in problems[:3])
    return problem_response(request_id, INVALID, detail, problems=problems)


async def _http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    details = {
        404: f"there is nothing at {request.url.path}",
        405: f"{request.method} is not possible at {request.url.path}",
    }
    return problem_response(
        request_id_of(request),
        HTTP.get(status, Kind(status, f"http-{status}", str(error.detail))),
        details.get(status, str(error.detail)),
        hint="GET /api/v1/openapi.json lists every path" if status in (404, 405) else None,
        headers=error.headers,
    )
