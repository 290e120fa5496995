"""Errors of the service below the web layer; each class's docstring says what it means."""

from __future__ import annotations


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


class StudyError(ServerError):
    """A study that cannot be expanded into runs; `path` names the field."""

    def __init__(self, path: str, message: str, hint: str | None = None) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message
        self.hint = hint
