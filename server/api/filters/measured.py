"""Metric names of a filter that no run has: said by name where they are why nothing was found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from rscore.spec import nearest_name
from server.api.filters.grammar import Both, Comparison, Either, Not, Term, parse
from server.errors import FilterError
from server.storage.models import Run

PREFIX = "metrics."
RUNS_ASKED = 200
"""Metric names of so many newest runs are compared with a mistyped one."""


def check_metrics(session: Session, text: str) -> None:
    """Raise FilterError for the first metric in a filter that parses which no run has ever had.

    Nothing is wrong while no run has any.
    """
    recent = select(Run.summary).where(Run.deleted_at.is_(None))
    summaries = session.scalars(recent.order_by(Run.id.desc()).limit(RUNS_ASKED))
    known = {name for summary in summaries for name in summary}
    for term in _comparisons(parse(text)):
        name = term.field.removeprefix(PREFIX)
        if name == term.field or not known or name in known or _is_measured(session, name):
            continue
        close = nearest_name(name, sorted(known))
        raise FilterError(
            f"no run has a metric {name!r}",
            position=term.position,
            hint=f"did you mean {PREFIX + close!r}?" if close else None,
        )


def _comparisons(term: Term) -> Iterator[Comparison]:
    match term:
        case Comparison():
            yield term
        case Both(terms) | Either(terms):
            for each in terms:
                yield from _comparisons(each)
        case Not(inner):
            yield from _comparisons(inner)


def _is_measured(session: Session, name: str) -> bool:
    has_it = select(Run.id).where(
        Run.deleted_at.is_(None), Run.summary[name].as_float().is_not(None)
    )
    return session.scalar(has_it.limit(1)) is not None
