"""A benchmark's table as JSON and Markdown, with the machine it ran on."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Report:
    """One table. Cells are strings or numbers; numbers get three significant digits."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[str | float | None]]
    notes: list[str] = field(default_factory=list)


def machine() -> dict[str, str | int]:
    """What the timings depend on, without naming the host."""
    return {
        "processor": platform.machine(),
        "cores": os.cpu_count() or 1,
        "system": platform.system(),
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def markdown(report: Report) -> str:
    """The table as Markdown."""
    here = machine()
    lines = [
        f"# {report.title}",
        "",
        "| " + " | ".join(report.columns) + " |",
        "| " + " | ".join("---" for _ in report.columns) + " |",
        *("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in report.rows),
        "",
        *(f"- {note}" for note in report.notes),
        f"- {here['cores']} cores ({here['processor']}), Python {here['python']}, {here['date']}. "
        "Trust ratios, not seconds.",
    ]
    return "\n".join(lines) + "\n"


def write(report: Report) -> str:
    """Stores results/NAME.json and results/NAME.md; returns the Markdown."""
    RESULTS.mkdir(exist_ok=True)
    document = {"machine": machine(), **asdict(report)}
    (RESULTS / f"{report.name}.json").write_text(json.dumps(document, indent=1) + "\n")
    text = markdown(report)
    (RESULTS / f"{report.name}.md").write_text(text)
    return text


def _cell(value: str | float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:.3g}" if abs(value) < 1000 else f"{float(f'{value:.3g}'):,.0f}"
