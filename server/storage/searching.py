"""Searching: free text over what people call things, and what lists leave out.

Every word must occur somewhere, in either case. Words are bound, and what `LIKE` would take for
more than itself is escaped.
"""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    column,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from server.storage.models import Run, Study

_VALUE = column("value", Text)
MOST_WORDS = 20
SHORTEST_ID = 4
"""Characters: fewer than these begin or end ids by chance."""


def run_fits(text: str, dialect: str) -> ColumnElement[bool]:
    """Runs in whose name, study's name, experiment, tags, notes or id every word occurs."""

    def fits(word: str) -> ColumnElement[bool]:
        of_study = select(Study.id).where(Study.name.icontains(word, autoescape=True))
        tags = func.json_each(Run.tags)
        if dialect == "postgresql":
            tags = func.json_array_elements_text(Run.tags)
        return or_(
            *(_has(each, word) for each in (Run.name, Run.experiment, Run.notes)),
            _any_has(tags.table_valued(_VALUE), word),
            Run.study_id.in_(of_study),
            _shortens(word, Run.id),
        )

    return and_(true(), *(fits(word) for word in _words(text)))


def study_fits(text: str, dialect: str) -> ColumnElement[bool]:
    """Studies in whose name, experiment, tags, notes or id every word occurs."""

    def fits(word: str) -> ColumnElement[bool]:
        tags = func.json_each(Study.document, "$.tags")
        if dialect == "postgresql":
            tags = func.json_array_elements_text(Study.document["tags"])
        return or_(
            *(_has(each, word) for each in (Study.name, Study.experiment, Study.notes)),
            _any_has(tags.table_valued(_VALUE), word),
            _shortens(word, Study.id),
        )

    return and_(true(), *(fits(word) for word in _words(text)))


def run_is_archived() -> ColumnElement[bool]:
    """Runs that are archived, or whose study is."""
    studies = select(Study.id).where(Study.archived_at.is_not(None))
    of_study = and_(Run.study_id.is_not(None), Run.study_id.in_(studies))
    return or_(Run.archived_at.is_not(None), of_study)


def _words(text: str) -> list[str]:
    return text.split()[:MOST_WORDS]


def _has(
    text: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], word: str
) -> ColumnElement[bool]:
    return and_(text.is_not(None), text.icontains(word, autoescape=True))


def _any_has(values: FromClause, word: str) -> ColumnElement[bool]:
    return exists(
        select(1).select_from(values).where(values.c.value.icontains(word, autoescape=True))
    )


def _shortens(word: str, key: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """True for ids that the command line would take the word for."""
    if len(word) < SHORTEST_ID:
        return key == word
    word = word.lower()
    begins = [key.startswith(word, autoescape=True)] if "_" in word else []
    bare = func.substr(key, 5)  # behind run_ or stu_
    return or_(*begins, bare.startswith(word, autoescape=True), key.endswith(word, autoescape=True))
