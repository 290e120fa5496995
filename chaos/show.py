"""What came of it, as a table for a person."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.audit.checks import CHECKS, Finding
from chaos.driver import FaultLog

SHOWN = 8
"""Violations of one check that are spelled out."""


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns under their names, the first to the left and the others to the right."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join(lines)


def faults(log: FaultLog) -> str:
    """How often each kind struck, and how often it struck a running attempt."""
    rows = [(kind, count, log.struck[kind]) for kind, count in sorted(log.kinds.items())]
    total = ("all", log.kinds.total(), log.struck.total())
    return table(("fault", "times", "while training"), [*rows, total])


def findings(found: Sequence[Finding]) -> str:
    """Every check with what it looked at, and the violations in words."""
    rows = [(each.check, each.looked_at, len(each.violations)) for each in found]
    lines = [table(("check", "looked at", "violations"), rows)]
    for each in found:
        if each.violations:
            promise = (CHECKS[each.check].__doc__ or "").strip()
            lines += ["", f"{each.check}: {promise}"]
            lines += [f"  {words}" for words in each.violations[:SHOWN]]
            more = len(each.violations) - SHOWN
            lines += [f"  … and {more} more"] if more > 0 else []
    return "\n".join(lines)
