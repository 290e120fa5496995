"""Errors that the client raises; the message of each says what was wrong and what to do."""

from __future__ import annotations

from client.wire import Problem


class ClientError(Exception):
    """Anything that kept the client from doing what was asked."""


class InputError(ClientError):
    """A file, an option or an id that cannot be used as it is."""


class ServerUnreachableError(ClientError):
    """Nothing answers at the service's address, also after trying again."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"no service answers at {url} ({reason})\n"
            "start it with `realspike up`, or say where it is with --url or REALSPIKE_URL"
        )


class FetchError(ClientError):
    """An original file of a data set that could not be downloaded; names where to put it."""


class DownloadError(ClientError):
    """A downloaded file that is not what the service said it would be."""


class ProblemError(ClientError):
    """The service refused; `problem` is its problem+json."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__("\n".join(self.lines()))

    def lines(self, where: str | None = None) -> list[str]:
        """The problem for a person, each field on a line of its own, after the name of a file."""
        prefix = f"{where}: " if where else ""
        fields = self.problem.get("errors") or []
        lines = [
            f"{prefix}{item['path'] or 'document'}: {item['message']}"
            + (f" ({item['hint']})" if item.get("hint") else "")
            for item in fields
        ]
        if not lines:
            lines = [f"{prefix}{self.problem['detail']}"]
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
