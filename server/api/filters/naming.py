"""Which fields a filter names, for lists whose defaults give way to what was asked for."""

from __future__ import annotations

from server.api.filters.grammar import Both, Comparison, Either, Not, Term, parse


def names_field(text: str, field: str) -> bool:
    """True when a filter that parses compares that field."""
    return _names(parse(text), field)


def _names(term: Term, field: str) -> bool:
    match term:
        case Comparison():
            return term.field == field
        case Both(terms) | Either(terms):
            return any(_names(each, field) for each in terms)
        case Not(inner):
            return _names(inner, field)
        case _:
            return False
