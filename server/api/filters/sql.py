"""A filter's tree to one SQLAlchemy expression over the run table; all values are bound.

A run without the metric or with an empty column fits no comparison except `= null`.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select

from rscore.spec import nearest_name
from server.api.filters.configs import ScriptConfigs
from server.api.filters.fields import FilterField, find_field
from server.api.filters.grammar import Both, Comparison, Either, HasTag, Not, Term, Value, parse
from server.errors import FilterError
from server.storage.models import Run

_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "=": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
_UNORDERED = MappingProxyType({"text": "text", "truth": "true or false"})


def compile_filter(
    text: str, dialect: str, configs: ScriptConfigs | None = None
) -> ColumnElement[bool]:
    """The condition that a filter means on this database; raises FilterError.

    With `configs`, what scripts gave in their configurations can be asked for too.
    """
    return _term(parse(text), dialect, configs)


def _term(term: Term, dialect: str, configs: ScriptConfigs | None) -> ColumnElement[bool]:
    match term:
        case Both(terms):
            return and_(*(_term(each, dialect, configs) for each in terms))
        case Either(terms):
            return or_(*(_term(each, dialect, configs) for each in terms))
        case Not(inner):
            return not_(_term(inner, dialect, configs))
        case HasTag(tag):
            return _has_tag(tag, dialect)
        case Comparison():
            return _comparison(term, dialect, configs)


def _has_tag(tag: str, dialect: str) -> ColumnElement[bool]:
    each = func.json_each if dialect == "sqlite" else func.json_array_elements_text
    tags = each(Run.tags).table_valued("value")
    return exists(select(1).select_from(tags).where(tags.c.value == tag))


def _comparison(
    term: Comparison, dialect: str, configs: ScriptConfigs | None
) -> ColumnElement[bool]:
    field = find_field(term, dialect, configs)
    if term.operator == "in":
        return field.column.in_([_bound(field, value, term.field) for value in term.values])
    value = term.values[0]
    if value.value is None:
        return _null(field, term)
    if field.kind in _UNORDERED and term.operator not in ("=", "!="):
        raise FilterError(
            f"{term.field} is {_UNORDERED[field.kind]}, so {term.operator} means nothing",
            position=term.position,
            hint="use =, != or in",
        )
    compared: ColumnElement[bool] = _COMPARE[term.operator](
        field.column, _bound(field, value, term.field)
    )
    return compared


def _null(field: FilterField, term: Comparison) -> ColumnElement[bool]:
    if term.operator == "=":
        return field.column.is_(None)
    if term.operator == "!=":
        return field.column.is_not(None)
    raise FilterError("null compares with = and != only", position=term.values[0].position)


def _bound(field: FilterField, value: Value, name: str) -> Any:
    """The Python value to bind, of the field's kind."""
    if field.kind == "number" and isinstance(value.value, float):
        return value.value
    if field.kind == "truth" and isinstance(value.value, bool):
        return value.value
    if field.kind == "text" and isinstance(value.value, str):
        return _choice(field, value.value, value.position, name)
    if field.kind == "time" and isinstance(value.value, str):
        return _time(value.value, value.position)
    wanted = {
        "number": "a number",
        "truth": "true or false",
        "text": "text in quotes",
        "time": 'a time such as "2026-01-31T12:00:00Z"',
    }[field.kind]
    found = repr(value.value) if isinstance(value.value, str) else json.dumps(value.value)
    raise FilterError(f"{name} compares with {wanted}, not {found}", position=value.position)


def _choice(field: FilterField, text: str, position: int, name: str) -> str:
    if field.choices and text not in field.choices and not (field.other and field.other(text)):
        close = nearest_name(text, list(field.choices))
        raise FilterError(
            f"{name} is never {text!r}",
            position=position,
            hint=f"did you mean {close!r}?"
            if close
            else f"it is one of {', '.join(field.choices)}",
        )
    return text


def _time(text: str, position: int) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise FilterError(
            f"{text!r} is not a time", position=position, hint='write "2026-01-31T12:00:00Z"'
        ) from None
