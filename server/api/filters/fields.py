"""The fields that a filter may name, each with its SQL expression and what it compares with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args, get_origin

from sqlalchemy import ColumnElement, Float, case, cast, func

from rscore.spec import SPEC_FIELDS, RunSpec, nearest_name
from server.api.filters.configs import ScriptConfigs
from server.api.filters.grammar import Comparison
from server.errors import FilterError
from server.storage.models import Run
from server.storage.searching import run_is_archived
from server.storage.states import RunSource, RunStatus

Kind = Literal["text", "number", "truth", "time"]


@dataclass(frozen=True, slots=True)
class FilterField:
    """One field: how it reads in SQL, its kind, and its values where they are few."""

    kind: Kind
    column: ColumnElement[Any]
    choices: tuple[str, ...] = ()
    other: Callable[[str], bool] | None = None
    """Whether some run has a value that is none of them."""


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
        "source": FilterField(
            "text", Run.source.expression, tuple(str(source) for source in RunSource)
        ),
        "archived": FilterField("truth", run_is_archived()),
        **{name: FilterField("text", column.expression) for name, column in texts.items()},
        **{name: FilterField("time", column.expression) for name, column in times.items()},
        **{name: FilterField("number", cast(column, Float)) for name, column in numbers.items()},
    }


def find_field(term: Comparison, dialect: str, configs: ScriptConfigs | None) -> FilterField:
    """The field that is compared; raises FilterError with the nearest name there is.

    With `configs`, a name that a script gave in its configuration is a field too.
    """
    name = term.field
    columns = _columns()
    if name in columns:
        return columns[name]
    if name.startswith("spec.") and name[5:] in SPEC_FIELDS:
        return _spec_field(name[5:], dialect, configs)
    if name.startswith("metrics.") and len(name) > len("metrics."):
        return FilterField("number", Run.summary[name[8:]].as_float())
    if name.startswith("spec.") and configs is not None and configs.have(name[5:]):
        return _config_field(name[5:], term, dialect)
    raise FilterError(
        f"unknown field {name!r}", position=term.position, hint=_nearest_field(name, list(columns))
    )


def _nearest_field(name: str, columns: Sequence[str]) -> str:
    if name.startswith(("metric.", "summary.")):
        return f"did you mean {'metrics.' + name.partition('.')[2]!r}?"
    names = [*columns, *(f"spec.{field}" for field in SPEC_FIELDS)]
    close = nearest_name(name, names) or nearest_name(f"spec.{name}", names)
    if close:
        return f"did you mean {close!r}?"
    return f"fields: {', '.join(columns)}, spec.<field>, metrics.<name>"


def _spec_field(name: str, dialect: str, configs: ScriptConfigs | None) -> FilterField:
    annotation = RunSpec.model_fields[name].annotation
    if get_origin(annotation) is Literal:
        given = None if configs is None else partial(configs.have_text, name)
        return FilterField("text", Run.spec[name].as_string(), get_args(annotation), given)
    return _typed("truth" if annotation is bool else "number", name, dialect)


def _config_field(name: str, term: Comparison, dialect: str) -> FilterField:
    """A value of scripts' configurations, of the kind that it is compared with."""
    value = term.values[0].value
    if isinstance(value, bool):
        return _typed("truth", name, dialect)
    if isinstance(value, float):
        return _typed("number", name, dialect)
    return FilterField("text", Run.spec[name].as_string())


def _typed(kind: Literal["number", "truth"], name: str, dialect: str) -> FilterField:
    """A value of the spec where it is of that kind: a script may have given it any other."""
    value = Run.spec[name]
    if dialect == "postgresql":
        found = func.jsonb_typeof(value)
        kinds = ["number"] if kind == "number" else ["boolean"]
    else:
        found = func.json_type(Run.spec, f'$."{name}"')
        kinds = ["integer", "real"] if kind == "number" else ["true", "false"]
    typed = value.as_float() if kind == "number" else value.as_boolean()
    return FilterField(kind, case((found.in_(kinds), typed)))
