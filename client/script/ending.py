"""How a script ends: by itself, by an exception, by sys.exit, by Ctrl-C."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, NoReturn

Status = Literal["succeeded", "failed", "cancelled"]
INTERRUPTED = 130
LONGEST_DETAIL = 8000


@dataclass(frozen=True, slots=True)
class End:
    """What the service is told of an end."""

    status: Status
    exit_code: int
    detail: str | None = None


def end_of(error: BaseException | None) -> End:
    """The end that an exception brings, or its absence."""
    if error is None:
        return End("succeeded", 0)
    if isinstance(error, SystemExit):
        return end_of_code(error.code)
    if isinstance(error, KeyboardInterrupt):
        return End("cancelled", INTERRUPTED, "the script was interrupted (Ctrl-C)")
    return End("failed", 1, _said(error))


def end_of_code(code: object) -> End:
    """The end that an argument of sys.exit brings."""
    if code is None or code == 0:
        return End("succeeded", 0)
    if isinstance(code, int):
        return End("failed", code, f"the script ended with exit code {code}")
    return End("failed", 1, str(code)[:LONGEST_DETAIL])


class ProcessEnding:
    """Notices how this process ends, for whoever asks when it does."""

    def __init__(self) -> None:
        self._end: End | None = None
        before, leave = sys.excepthook, sys.exit

        def hook(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            self._end = end_of(error)
            before(kind, error, trace)

        def exit_(status: object = None, /) -> NoReturn:
            self._end = end_of_code(status)
            leave(status)  # type: ignore[arg-type]  # whatever was given to us

        # Nothing else tells a process at its end with which exit code it does.
        sys.excepthook = hook
        sys.exit = exit_

    def go_on(self) -> None:
        """It did not end after all: somebody caught what sys.exit raises."""
        self._end = None

    @property
    def end(self) -> End:
        """The end as far as it is known."""
        return self._end or End("succeeded", 0)


def _said(error: BaseException) -> str:
    text = "".join(traceback.format_exception_only(error)).strip()
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{text[: LONGEST_DETAIL - 500]}{where[:500]}"
