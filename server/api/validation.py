"""What FastAPI found wrong with a request, as field problems with the nearest valid names."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from fastapi import Request
from pydantic import BaseModel

from rscore.spec import FieldProblem, explain_item

MOST_PROBLEMS = 20
LONGEST_MESSAGE = 300

_NO_BODY = ("missing", "model_attributes_type", "model_type", "dict_type", "bytes_type")


def field_problems(items: Sequence[Mapping[str, Any]], request: Request) -> list[FieldProblem]:
    """One problem per field; paths leave out where it stood (body, query, path, header)."""
    return [_problem(item, request) for item in items[:MOST_PROBLEMS]]


def _problem(item: Mapping[str, Any], request: Request) -> FieldProblem:
    place, *loc = item["loc"]
    if place == "body" and not loc and item["type"] in _NO_BODY:
        return _no_body(request)
    kind = "literal_error" if item["type"] == "enum" else item["type"]
    problem = explain_item({**item, "type": kind, "loc": loc}, _names(request, place, loc))
    message = problem.message
    if len(message) > LONGEST_MESSAGE:
        message = message[: LONGEST_MESSAGE - 1] + "…"
    return problem.model_copy(update={"message": message})


def _no_body(request: Request) -> FieldProblem:
    media_type = _body_info(request).media_type
    wanted = "a JSON object" if media_type == "application/json" else "the file"
    return FieldProblem(
        path="",
        message=f"the body is missing or not {wanted}",
        hint=f"send {wanted} with Content-Type: {media_type}",
    )


def _body_info(request: Request) -> Any:
    """The field that FastAPI reads this route's body into, or None."""
    return getattr(getattr(request.scope.get("route"), "body_field", None), "field_info", None)


def _names(request: Request, place: str, loc: Sequence[str | int]) -> tuple[str, ...]:
    """Valid names beside the field at `loc` of this route's body."""
    body = _body_info(request)
    if place != "body" or body is None:
        return ()
    annotation = _plain(body.annotation)
    for part in loc[:-1]:
        annotation = _plain(_step(annotation, part))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return tuple(annotation.model_fields)
    return ()


def _step(annotation: Any, part: str | int) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part))
        return field.annotation if field else None
    inner = get_args(annotation)
    return inner[-1] if inner else None


def _plain(annotation: Any) -> Any:
    """The type without Annotated and Optional around it."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            annotation = next(part for part in get_args(annotation) if part is not type(None))
        else:
            return annotation
