"""What scripts gave in their configurations: names and values that no specification has."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from server.storage.models import Run
from server.storage.states import RunSource


class ScriptConfigs:
    """Answers from the runs that are there."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def have(self, name: str) -> bool:
        """True when some script's run has a value of that name."""
        known = select(Run.id).where(*_given(name)).limit(1)
        return self._session.scalar(known) is not None

    def have_text(self, name: str, text: str) -> bool:
        """True when some script's run has this text as the value of that name."""
        value = Run.spec[name].as_string() == text
        known = select(Run.id).where(*_given(name), value).limit(1)
        return self._session.scalar(known) is not None


def _given(name: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Run.source == RunSource.SCRIPT,
        Run.deleted_at.is_(None),
        Run.spec[name].as_string().is_not(None),
    )
