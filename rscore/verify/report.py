"""What a check of a model found: a list of results, a table for a person, one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text
from safetensors import SafetensorError

from rscore.errors import ExportError, RscoreError

_T = TypeVar("_T")
Status = Literal["ok", "failed", "missing", "not run"]

_UNREADABLE = (RscoreError, SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError)
"""What reading or running a damaged file raises."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    what: str
    status: Status
    detail: str = ""


@dataclass(slots=True)
class Report:
    """Everything that was looked at, in order."""

    folder: Path
    verdict: str | None = None
    """What the certificate claims."""
    checks: list[Check] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """The fold was proved again, nothing failed and nothing is missing."""
        fine = all(check.status in ("ok", "not run") for check in self.checks)
        return fine and self.proved

    @property
    def proved(self) -> bool:
        """The trained and the folded network were compared again, spike by spike."""
        return any(check.what == "proof float64" and check.status == "ok" for check in self.checks)

    def document(self) -> dict[str, Any]:
        """All of it as JSON holds it."""
        return {
            "folder": str(self.folder),
            "verified": self.ok,
            "proved": self.proved,
            "verdict": self.verdict,
            "checks": [asdict(check) for check in self.checks],
        }

    def of(self, what: str) -> Check:
        """The check of that name; raises KeyError if there is none."""
        for check in self.checks:
            if check.what == what:
                return check
        raise KeyError(what)

    def note(self, what: str, status: Status, detail: str = "") -> None:
        """Add a check."""
        self.checks.append(Check(what, status, detail))

    def attempt(self, what: str, examine: Callable[[], str]) -> None:
        """Add a check that is failed by what it raises; `examine` gives its detail."""
        self.obtain(what, lambda: (None, examine()))

    def obtain(self, what: str, examine: Callable[[], tuple[_T, str]]) -> _T | None:
        """The same for a check that gives something beside its detail; None when it failed."""
        try:
            found, detail = examine()
        except _UNREADABLE as error:
            self.note(what, "failed", " ".join(str(error).split()) or type(error).__name__)
            return None
        self.note(what, "ok", detail)
        return found


def require(holds: object, message: str) -> None:
    """Raises ExportError with the message unless `holds`."""
    if not holds:
        raise ExportError(message)


_STYLES: Mapping[Status, str] = {
    "ok": "green",
    "failed": "bold red",
    "missing": "bold yellow",
    "not run": "dim",
}


def show(report: Report, console: Console) -> None:
    """Print a report as a table and one sentence."""
    table = Table("what", "result", "detail", title=f"{report.folder}")
    for check in report.checks:
        status = Text(check.status, style=_STYLES[check.status])
        table.add_row(Text(check.what), status, Text(check.detail))
    console.print(table)
    said, style = _conclusion(report)
    console.print(said, style=style)


def _conclusion(report: Report) -> tuple[str, str]:
    statuses = {check.status for check in report.checks}
    if "failed" in statuses:
        return "This is not the model that its certificate speaks of.", "bold red"
    if report.verdict is None:
        return "Nothing was checked: without its certificate these are just files.", "bold red"
    if "missing" in statuses:
        return "Only part of the model is here; what is here is right.", "yellow"
    if not report.proved:
        return "The files are those of the certificate; the proof was not run again.", "yellow"
    return f"The certificate holds: {report.verdict}.", "green"
