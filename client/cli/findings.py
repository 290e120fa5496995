"""What a study found, for a person: its best runs, and which parameters mattered."""

from __future__ import annotations

from rich.console import Console

from client.cli.render import count, levels, measured, number, print_table
from client.wire import Study, StudyBest, StudyImportance


def is_search(study: Study) -> bool:
    """True for a study that looks for a good setting, not one that compares settings."""
    return bool(study["factors"]) and not study["document"].get("ablate")


def print_best(out: Console, best: StudyBest) -> None:
    """The best run, or the Pareto front; and what was left out of it."""
    if not best["runs"]:
        out.print("best: no run has been trained to its end yet")
    elif len(best["objectives"]) == 1:
        (run,) = best["runs"]
        value = _value(best["objectives"][0]["name"], run["values"][0])
        out.print(f"best: {best['objectives'][0]['name']} {value} ({run['name']}, {run['run_id']})")
        out.print(f"  {_levels(run['levels'])}")
    else:
        _print_front(out, best)
    if best["pruned"] or best["failed"]:
        out.print(
            f"{best['finished']} trained to the end, {best['pruned']} stopped early, "
            f"{best['failed']} failed; the last two are never best"
        )


def print_importance(out: Console, found: StudyImportance) -> None:
    """The parameters, the most important first."""
    if found["notice"]:
        out.print(f"importance for {found['metric']}: {found['notice']}")
    else:
        where = f" at epoch {found['epoch']}" if found["epoch"] else ""
        out.print(f"importance for {found['metric']}{where}, over {found['runs']} runs")
        print_table(
            out,
            ("PARAMETER", "SHARE", ""),
            (
                (each["name"], f"{100 * each['share']:.0f} %", "█" * round(20 * each["share"]))
                for each in found["shares"]
            ),
        )
    for left in found["left_out"]:
        out.print(f"{left['name']}: {left['reason']}")


def _print_front(out: Console, best: StudyBest) -> None:
    out.print("Pareto front: runs that no other beats in one objective without losing in another")
    print_table(
        out,
        ["RUN", *(f"{each['name']} ({each['goal']})" for each in best["objectives"]), "LEVELS"],
        (
            [
                run["run_id"],
                *(
                    _value(each["name"], value)
                    for each, value in zip(best["objectives"], run["values"], strict=True)
                ),
                _levels(run["levels"]),
            ]
            for run in best["runs"]
        ),
    )


def _value(metric: str, value: float) -> str:
    return count(value) if abs(value) >= 1e4 else measured(metric, value, None)


def _levels(found: dict[str, object]) -> str:
    return levels(
        {
            name: number(level) if isinstance(level, float) else level
            for name, level in found.items()
        }
    )
