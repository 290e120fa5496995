"""What checks of an installation find, and running such checks so that none waits for ever."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from enum import StrEnum

from server.errors import ServerError
from server.probes import Probe, answers


class Status(StrEnum):
    """How the thing that was checked stands."""

    OK = "ok"
    """As it should be."""
    WARNING = "warning"
    """Worth knowing; the service works."""
    PROBLEM = "problem"
    """Something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked: how it stands, and the way out where there is one."""

    check: str
    status: Status
    says: str
    way_out: str = ""


Check = Callable[[], Iterable[Finding]]


def ok(check: str, says: str) -> Finding:
    """As it should be."""
    return Finding(check, Status.OK, says)


def warning(check: str, says: str, way_out: str = "") -> Finding:
    """Worth knowing."""
    return Finding(check, Status.WARNING, says, way_out)


def problem(check: str, says: str, way_out: str = "") -> Finding:
    """Something does not work."""
    return Finding(check, Status.PROBLEM, says, way_out)


def examine(checks: Mapping[str, Check], seconds: float) -> list[Finding]:
    """What all checks find, asked at once; one that hangs or breaks is a problem of its own."""
    asked = {name: Probe(_listed(check)) for name, check in checks.items()}
    return [
        finding
        for name, answer in answers(asked, seconds).items()
        for finding in _found(name, answer, seconds)
    ]


def _listed(check: Check) -> Callable[[], list[Finding]]:
    return lambda: list(check())


def _found(name: str, answer: Future[list[Finding]] | None, seconds: float) -> list[Finding]:
    if answer is None:
        return [problem(name, f"no answer within {seconds:g} s", "check that it runs and answers")]
    error = answer.exception()
    if error is None:
        return answer.result()
    if isinstance(error, ServerError):
        return [problem(name, str(error))]
    return [problem(name, f"the check broke: {type(error).__name__}: {error}", "please report it")]


def print_findings(findings: Iterable[Finding]) -> None:
    """Write findings to standard output as one JSON list."""
    sys.stdout.write(json.dumps([asdict(finding) for finding in findings]) + "\n")
    sys.stdout.flush()
