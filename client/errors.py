"""Errors that the client raises; the message of each says what was wrong and what to do."""

from __future__ import annotations

from collections.abc import Callable

from client.wire import Problem
from rscore.hints import command


class ClientError(Exception):
    """Anything that kept the client from doing what was asked."""


class InputError(ClientError):
    """A file, an option or an id that cannot be used as it is."""


class UnknownDatasetError(ClientError):
    """A data set that there is none of; the message offers the nearest name."""


class ServerUnreachableError(ClientError):
    """Nothing answers at the service's address, also after trying again."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"no service answers at {url} ({reason})\n"
            f"start it with `{command('up')}`, or say where it is with --url or REALSPIKE_URL"
        )


class SpoolError(ClientError):
    """The spool on this machine's disk cannot be used; nothing of what it holds is lost."""


class FetchError(ClientError):
    """An original file of a data set that could not be downloaded; names where to put it."""


class DownloadError(ClientError):
    """A downloaded file that is not what the service said it would be."""


def field_line(path: str, message: str, hint: str | None) -> str:
    """One thing wrong with one field."""
    return f"{path}: {message}" + (f" ({hint})" if hint else "")


class ProblemError(ClientError):
    """The service refused; `problem` is its problem+json."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__("\n".join(self.lines()))

    def lines(self, line: Callable[[str, str, str | None], str] = field_line) -> list[str]:
        """The problem for a person; each field is told by `line` from path, message and hint."""
        fields = self.problem.get("errors") or []
        lines = [
            line(item["path"] or "document", item["message"], item.get("hint")) for item in fields
        ]
        if not lines:
            lines = [self.problem["detail"]]
        hint = self.problem.get("hint")
        told = {item.get("hint") for item in fields}
        return [*lines, hint] if hint and hint not in told else lines


class InvalidError(ProblemError):
    """The service could not accept what was sent (400, 413, 416, 422)."""


class NotFoundError(ProblemError):
    """There is no such thing (404)."""


class ConflictError(ProblemError):
    """The thing is in a state in which this cannot be done to it (409)."""


class ServerFailedError(ProblemError):
    """The service itself failed (5xx)."""
