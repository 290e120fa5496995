"""What a document would queue and what its runs will need, for a person who has yet to decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console

from client.cli.render import duration, print_table
from client.wire import EstimateRange, RunEstimate, RunPlan, StudyPlan

COLUMNS = ("parameters", "neurons", "MACs", "SynOps", "spikes", "firing", "memory", "time")


def print_study_plan(out: Console, plan: StudyPlan) -> None:
    """Every cell with the estimates of one of its runs, and the time of them all."""
    out.print(f"{_what(plan)}; nothing was queued")
    print_table(
        out,
        [*(plan["factors"] if plan["cells"] else ["trial"]), *COLUMNS],
        [
            [*cell, *_texts(estimate)]
            for cell, estimate in zip(_names(plan), plan["estimates"], strict=True)
        ],
    )
    _print_basis(out, plan["estimates"])
    out.print(f"  all runs: {_total(plan)}")


def print_run_plan(out: Console, plan: RunPlan) -> None:
    """The run's name and its estimates."""
    out.print(f"1 run, {plan['name']}; nothing was queued")
    print_table(out, COLUMNS, [_texts(plan["estimate"])])
    _print_basis(out, [plan["estimate"]])


def _what(plan: StudyPlan) -> str:
    if not plan["cells"]:
        return f"a sweep of {plan['runs']} trials over {', '.join(plan['factors'])}"
    seeds = len(plan["seeds"])
    over = f"{len(plan['cells'])} cells x {seeds} seed{'s' if seeds > 1 else ''}"
    return f"{plan['runs']} runs in {over}"


def _names(plan: StudyPlan) -> list[list[object]]:
    if not plan["cells"]:
        return [["any"]]
    return [[cell.get(name, "") for name in plan["factors"]] for cell in plan["cells"]]


def _print_basis(out: Console, estimates: Sequence[RunEstimate]) -> None:
    out.print(
        "All of these are estimates; operations and spikes are of one sample in all its steps."
    )
    for text in dict.fromkeys(text for each in estimates for text in each["basis"]):
        out.print(f"  {text}")


def _total(plan: StudyPlan) -> str:
    if plan["seconds"] is None:
        return "unknown, as the time of a run is"
    slots = plan["slots"]
    where = f"on {slots} slot{'' if slots == 1 else 's'}" if slots else "one after the other"
    return f"about {_range(plan['seconds'], duration)} {where}, if none is stopped early"


def _texts(estimate: RunEstimate) -> list[str]:
    counted = ("parameters", "neurons", "macs", "synops", "spikes")
    spans = {name: estimate[name] for name in counted}  # type: ignore[literal-required]
    seconds = estimate["seconds"]
    return [
        *(_range(spans[name], _count) for name in counted),
        _range(estimate["firing_rate"], lambda rate: f"{100 * rate:.0f} %"),
        f"about {_range(estimate['memory_bytes'], _bytes)}",
        "unknown" if seconds is None else f"about {_range(seconds, duration)}",
    ]


def _range(span: EstimateRange, text: Callable[[float], str]) -> str:
    low, high = text(span["low"]), text(span["high"])
    if low == high:
        return low
    amount, _, unit = low.partition(" ")
    return f"{amount if high.endswith(unit) and high.count(' ') == 1 else low} to {high}"


def _count(value: float) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f}"


def _bytes(value: float) -> str:
    if value >= 1e9:
        return f"{value / 1e9:.1f} GB"
    return f"{value / 1e6:.0f} MB" if value >= 1e7 else f"{value / 1e6:.1f} MB"
