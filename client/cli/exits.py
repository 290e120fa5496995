"""Exit codes: stable, one table."""

from __future__ import annotations

from enum import IntEnum

from client.errors import (
    ClientError,
    ConflictError,
    DownloadError,
    FetchError,
    InputError,
    InvalidError,
    NotFoundError,
    ProblemError,
    ServerFailedError,
    ServerUnreachableError,
    SpoolError,
    UnknownDatasetError,
)


class ExitCode(IntEnum):
    """What a finished command says to the shell."""

    OK = 0
    """Done."""
    ENDED_BADLY = 1
    """The watched run or study failed or was cancelled."""
    BAD_INPUT = 2
    """A spec, a file, an option or an id that cannot be used."""
    NOT_FOUND = 3
    """There is no such run, study, model or data set."""
    UNREACHABLE = 4
    """No service answers, or no mirror of a data set does."""
    CONFLICT = 5
    """The thing is in a state in which this cannot be done to it."""
    SERVER_ERROR = 6
    """The service failed, or sent something other than it promised."""
    INTERRUPTED = 130
    """Ctrl-C."""


_TABLE: tuple[tuple[type[ClientError], ExitCode], ...] = (
    (InputError, ExitCode.BAD_INPUT),
    (SpoolError, ExitCode.BAD_INPUT),
    (InvalidError, ExitCode.BAD_INPUT),
    (NotFoundError, ExitCode.NOT_FOUND),
    (UnknownDatasetError, ExitCode.NOT_FOUND),
    (ServerUnreachableError, ExitCode.UNREACHABLE),
    (FetchError, ExitCode.UNREACHABLE),
    (ConflictError, ExitCode.CONFLICT),
    (ServerFailedError, ExitCode.SERVER_ERROR),
    (ProblemError, ExitCode.BAD_INPUT),
    (DownloadError, ExitCode.SERVER_ERROR),
)


def exit_code(error: ClientError) -> ExitCode:
    """The exit code of an error."""
    return next((code for kind, code in _TABLE if isinstance(error, kind)), ExitCode.SERVER_ERROR)
