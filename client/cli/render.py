"""Words and tables for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from client.wire import Attempt, CellComparison, Json, Run, Study, StudyCell, StudyTable


def print_table(out: Console, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns of text under their names; the first is never cut."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=True, overflow="fold" if number == 0 else "ellipsis")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(table)


def print_fields(out: Console, fields: Iterable[tuple[str, object]]) -> None:
    """One line a field that has a value."""
    known = [(name, value) for name, value in fields if value not in (None, "", [])]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        out.print(f"{name:<{width}}  {value}")


def percent(value: float | None) -> str:
    """A share as per cent."""
    return "" if value is None else f"{100 * value:.2f} %"


def number(value: float | None) -> str:
    """A measured value."""
    return "" if value is None else f"{value:.4g}"


def count(value: float | None) -> str:
    """How many of something, however many, in whole numbers."""
    return "" if value is None else f"{value:,.0f}"


def bars(counts: Sequence[int]) -> str:
    """Counts as one bar a character, the largest at full height; nothing where there is none."""
    steps = " ▁▂▃▄▅▆▇█"
    largest = max(counts, default=0) or 1
    return "".join(steps[-(-each * (len(steps) - 1) // largest)] for each in counts)


def duration(seconds: float | None) -> str:
    """A time span, as short as it can be said."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def age(moment: str | None) -> str:
    """How long ago something was."""
    return "" if moment is None else f"{duration(max(0.0, -_seconds_to(moment)))} ago"


def ahead(moment: str | None) -> str:
    """When something will be, and how long that is from now; nothing once it is past."""
    if moment is None or (seconds := _seconds_to(moment)) <= 0:
        return ""
    return f"{moment[:19].replace('T', ' ')} UTC, in {duration(seconds)}"


def _seconds_to(moment: str) -> float:
    then = datetime.fromisoformat(moment)
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return (then - datetime.now(UTC)).total_seconds()


ENDINGS: Mapping[str, str] = {
    "drained": "handed back when its worker stopped",
    "orphaned": "handed back when its worker died",
    "lost": "lost its worker",
    "restored": "restored from a backup",
}
"""Outcomes and reasons of which the service's word says little to a person."""


def reason_of(reason: str) -> str:
    """Why something ended or waits again."""
    return ENDINGS.get(reason, reason)


def status_of(run: Run) -> str:
    """A run's status, with its reason or that it is being stopped."""
    if run["cancel_requested"] and run["status"] == "running":
        return "running, being cancelled"
    if run["source"] == "script" and run["reason"] == "lost":
        return f"{run['status']} (its script fell silent)"
    if run["reason"] and run["reason"] != run["status"]:
        return f"{run['status']} ({reason_of(run['reason'])})"
    return run["status"]


def outcome_of(attempt: Attempt) -> str:
    """How a try at a run ended, why, and what it still tried to write afterwards."""
    ended, reason = attempt["outcome"], attempt["reason"]
    told = [reason_of(ended)]
    if reason == "orphaned":
        told = [reason_of(reason)]
    elif reason and reason != ended:
        told = [f"{reason_of(ended)} ({reason_of(reason)})"]
    if attempt["exit"]:
        told.append(attempt["exit"])
    if attempt["refused"]:
        told.append(f"late writes refused: {attempt['refused']}")
    return ", ".join(told)


def epoch_of(run: Run) -> str:
    """Epochs done of all epochs."""
    progress = run["progress"]
    return f"{progress['epoch']}/{progress['epochs']}" if progress else ""


def levels(cell: Json) -> str:
    """Factor levels in one line."""
    return ", ".join(f"{name} {value}" for name, value in cell.items())


def counts_of(study: Study) -> str:
    """How many runs are in which state."""
    return ", ".join(f"{count} {status}" for status, count in study["counts"].items() if count)


def waiting_of(study: Study) -> int:
    """How many runs have not begun, or wait to go on."""
    return study["counts"]["queued"] + study["counts"]["paused"]


def measured(metric: str, mean: float | None, std: float | None) -> str:
    """Mean ± standard deviation; accuracies as per cent."""
    if mean is None:
        return "-"
    scale, digits = (100.0, 2) if metric.endswith("_acc") else (1.0, 4)
    text = f"{scale * mean:.{digits}f}"
    if std is not None:
        text += f" ± {scale * std:.{digits}f}"
    return f"{text} %" if scale == 100 else text


def print_study_table(out: Console, table: StudyTable) -> None:
    """The comparison table of a study, best cell first, then what it means."""
    better = -1 if table["goal"] == "maximize" else 1
    cells = sorted(
        table["cells"],
        key=lambda cell: (cell["mean"] is None, better * (cell["mean"] or 0)),
    )
    factors = table["factors"] or ["study"]
    compared = any(cell["comparison"] for cell in cells)
    stopped = any(cell["pruned"] for cell in cells)
    columns = [*factors, table["metric"], "n", "failed", *(["stopped early"] * stopped)]
    columns += ["certificates"]
    print_table(
        out,
        [*columns, "difference", "p"] if compared else columns,
        (
            [
                *_levels(cell, factors),
                measured(table["metric"], cell["mean"], cell["std"]),
                f"{cell['n']} of {cell['runs']}",
                cell["failed"],
                *([cell["pruned"] or ""] * stopped),
                ", ".join(f"{count} {verdict}" for verdict, count in cell["verdicts"].items()),
                *(difference(table["metric"], cell["comparison"]) if compared else ()),
            ]
            for cell in cells
        ),
    )
    for cell in cells:
        if cell["comparison"]:
            out.print(f"  {cell['comparison']['sentence']}")
    for item in table["references"]:
        out.print(f"  reference: {item['name']} {item['value']:g} ({item['source']})")
    if not table["complete"]:
        out.print("not complete: some runs have not ended")


def _levels(cell: StudyCell, factors: Sequence[str]) -> list[object]:
    """A cell's levels; the name of what scripts measured stands in the first column."""
    if cell["script"] is None:
        return [_level(cell["levels"].get(factor, "all")) for factor in factors]
    levels = [_level(cell["levels"].get(factor, "")) for factor in factors]
    return [": ".join(filter(None, [cell["script"], str(levels[0])])), *levels[1:]]


def _level(level: object) -> object:
    return number(level) if isinstance(level, float) else level


def difference(metric: str, found: CellComparison | None) -> tuple[str, str]:
    """The paired difference to the baseline with half its interval, and the corrected p."""
    if found is None:
        return "baseline", ""
    if found["mean"] is None:
        return "", ""
    scale, digits = (100.0, 2) if metric.endswith("acc") else (1.0, 4)
    text = f"{scale * found['mean']:+.{digits}f}"
    if found["interval"] is not None:
        reach = (found["interval"]["high"] - found["interval"]["low"]) / 2
        text += f" ± {scale * reach:.{digits}f}"
    p = found["p"]
    return text, "" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"
