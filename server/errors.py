"""Errors of the service below the web layer; each class's docstring says what it means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from rscore.spec import FieldProblem


class ServerError(Exception):
    """Anything the service refuses. The message says what to do."""


class StorageError(ServerError):
    """The store could not do what was asked."""


class NotFoundError(StorageError):
    """There is no such thing, or it was deleted."""

    def __init__(self, noun: str, key: str) -> None:
        super().__init__(f"there is no {noun} {key!r}")
        self.noun = noun
        self.key = key


class ConflictError(StorageError):
    """The thing is in a state in which this cannot be done to it."""


class StaleAttemptError(StorageError):
    """A write from an attempt that no longer owns its run; nothing was written."""

    def __init__(self, run_id: str, attempt: int) -> None:
        super().__init__(f"attempt {attempt} no longer owns run {run_id}; nothing was written")
        self.run_id = run_id
        self.attempt = attempt


class FilterError(ServerError):
    """A filter that does not parse; the message points at the place."""

    def __init__(self, message: str, *, position: int, hint: str | None = None) -> None:
        super().__init__(f"at character {position + 1}: {message}")
        self.message = message
        self.position = position
        self.hint = hint


class StudyError(ServerError):
    """A study that cannot be expanded into runs; `path` names the field."""

    def __init__(self, path: str, message: str, hint: str | None = None) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message
        self.hint = hint
        self.problems: Sequence[FieldProblem] = [
            FieldProblem(path=path, message=message, hint=hint)
        ]

    @classmethod
    def of(cls, problems: Sequence[FieldProblem]) -> Self:
        """One error for several problems; the first speaks in the message."""
        first = problems[0]
        error = cls(first.path or "study", first.message, first.hint)
        error.problems = problems
        return error


class ComparisonError(ServerError):
    """Runs that cannot be compared as asked; `path` names the field of the request."""

    def __init__(self, path: str, message: str, hint: str | None = None) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message
        self.hint = hint


class CursorError(ServerError):
    """A page cursor that this service did not make."""

    def __init__(self, cursor: str) -> None:
        super().__init__(
            f"cursor {cursor[:80]!r} is not one of this service; "
            "start again without it, then pass next_cursor back unchanged"
        )


class WebhookError(ServerError):
    """A URL that no webhook may have, or that cannot be called; the message says why."""


class MetricError(ServerError):
    """A metric value, name or step that cannot be stored; the message names it."""


class QueueError(ServerError):
    """The broker could not be reached or written; the scheduler wakes the run later."""


class SettingsError(ServerError):
    """Environment variables that do not make a service; one line a problem."""


class StorageUnavailableError(StorageError):
    """The database or the file store cannot be used right now; the message says what to do."""


class UnstorableValueError(StorageError):
    """A value that the database cannot hold, for example text with a NUL character."""
