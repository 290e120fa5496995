"""The fields that a filter may name, each with its SQL expression and what it compares with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from sqlalchemy import ColumnElement, Float, cast

from rscore.spec import SPEC_FIELDS, RunSpec, nearest_name
from server.errors import FilterError
from server.storage.models import Run
from server.storage.states import RunStatus

Kind = Literal["text", "number", "truth", "time"]


@dataclass(frozen=True, slots=True)
class FilterField:
    """One field: how it reads in SQL, its kind, and its values where they are few."""

    kind: Kind
    column: ColumnElement[Any]
    choices: tuple[str, ...] = ()


def _columns() -> dict[str, FilterField]:
    texts = {
        "id": Run.id,
        "name": Run.name,
        "experiment": Run.experiment,
        "study_id": Run.study_id,
        "reason": Run.reason,
        "worker_id": Run.worker_id,
        "spec_digest": Run.spec_digest,
    }
    times = {
        "created_at": Run.created_at,
        "started_at": Run.started_at,
        "finished_at": Run.finished_at,
    }
    numbers = {"priority": Run.priority, "attempt": Run.attempt}
    return {
        "status": FilterField(
            "text", Run.status.expression, tuple(str(status) for status in RunStatus)
        ),
        **{name: FilterField("text", column.expression) for name, column in texts.items()},
        **{name: FilterField("time", column.expression) for name, column in times.items()},
        **{name: FilterField("number", cast(column, Float)) for name, column in numbers.items()},
    }


def find_field(name: str, position: int) -> FilterField:
    """The field of this name; raises FilterError with the nearest name there is."""
    columns = _columns()
    if name in columns:
        return columns[name]
    if name.startswith("spec.") and name[5:] in SPEC_FIELDS:
        return _spec_field(name[5:])
    if name.startswith("metrics.") and len(name) > len("metrics."):
        return FilterField("number", Run.summary[name[8:]].as_float())
    raise FilterError(
        f"unknown field {name!r}", position=position, hint=_nearest_field(name, list(columns))
    )


def _nearest_field(name: str, columns: Sequence[str]) -> str:
    if name.startswith(("metric.", "summary.")):
        return f"did you mean {'metrics.' + name.partition('.')[2]!r}?"
    names = [*columns, *(f"spec.{field}" for field in SPEC_FIELDS)]
    close = nearest_name(name, names) or nearest_name(f"spec.{name}", names)
    if close:
        return f"did you mean {close!r}?"
    return f"fields: {', '.join(columns)}, spec.<field>, metrics.<name>"


def _spec_field(name: str) -> FilterField:
    annotation = RunSpec.model_fields[name].annotation
    if get_origin(annotation) is Literal:
        return FilterField("text", Run.spec[name].as_string(), get_args(annotation))
    if annotation is bool:
        return FilterField("truth", Run.spec[name].as_boolean())
    return FilterField("number", Run.spec[name].as_float())
