"""Runs side by side: commands groups and diff of `realspike run`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from client.cli.context import JsonFlag, UrlOption, invocation
from client.cli.render import difference, measured, print_table
from client.errors import InputError
from client.wire import GroupMetric, Json, RunDifferences, RunGroup, RunGroups


def groups(
    ctx: typer.Context,
    where: Annotated[
        str | None,
        typer.Option(
            "--filter",
            "--where",
            metavar="FILTER",
            help='Which runs, for example: spec.dataset = "digits" and has tag "paper"',
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="FIELD",
            help="Group by this field of the spec; may be repeated. All that differ, except the "
            "seed, if not given.",
        ),
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="NAME", help="May be repeated; test_acc if not given."),
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            "--baseline",
            metavar="FIELD=VALUE",
            help="Compare with the group that has this; may be repeated.",
        ),
    ] = None,
    study: Annotated[
        str | None, typer.Option("--study", metavar="ID", help="Only runs of this study.")
    ] = None,
    experiment: Annotated[
        str | None, typer.Option("--experiment", help="Only runs of this experiment.")
    ] = None,
    bootstrap: Annotated[
        bool, typer.Option("--bootstrap", help="Show the BCa bootstrap interval instead of t's.")
    ] = False,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Print runs in groups: mean ± std over the seeds, 95 % interval, verdicts; best first."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.comparisons.groups(
            where=where,
            study_id=client.studies.find(study)["id"] if study else None,
            experiment=experiment,
            by=by or None,
            metrics=list(metrics or ["test_acc"]),
            baseline=_levels(baseline) if baseline else None,
            bootstrap=bootstrap,
        )
    none = f"no run is selected; see which there are with: {cli.command('run list')}"
    cli.show(found, lambda out: _print_groups(out, found, none))


def diff(
    ctx: typer.Context,
    run_ids: Annotated[
        list[str],
        typer.Argument(metavar="ID...", help="Ids of two or more runs, or unique parts of them."),
    ],
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Print what differs between the specs of runs, and nothing else."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        ids = list(dict.fromkeys(client.runs.find(short)["id"] for short in run_ids))
        if len(ids) < 2:
            raise InputError("name at least two different runs")
        found = client.comparisons.differences(ids)
    cli.show(found, lambda out: _print_differences(out, found))


def _levels(settings: Sequence[str]) -> Json:
    """FIELD=VALUE as levels: a value that is JSON is that, any other is text."""
    levels: Json = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise InputError(f"--baseline {setting}: write FIELD=VALUE")
        try:
            levels[name] = json.loads(value)
        except ValueError:
            levels[name] = value
    return levels


def _print_groups(out: Console, found: RunGroups, none: str) -> None:
    if not found["groups"]:
        out.print(none)
        return
    scripts = any(group["script"] for group in found["groups"])
    compared = any(group["baseline"] for group in found["groups"])
    for number, metric in enumerate(found["metrics"]):
        columns = [*(["script"] if scripts else []), *found["by"], metric, "95 %", "n", "runs"]
        better = -1 if found["goals"][metric] == "maximize" else 1
        ordered = sorted(
            found["groups"],
            key=lambda group: (
                group["metrics"][number]["mean"] is None,
                better * (group["metrics"][number]["mean"] or 0),
            ),
        )
        print_table(
            out,
            [*columns, "difference", "p"] if compared else columns,
            [
                [
                    *([group["script"]] if scripts else []),
                    *(_shown(group["levels"][name]) for name in found["by"]),
                    *_cells(metric, group, group["metrics"][number]),
                    *(_difference(metric, group, number) if compared else ()),
                ]
                for group in ordered
            ],
        )
        for group in ordered:
            comparison = group["metrics"][number]["comparison"]
            if comparison:
                out.print(f"  {comparison['sentence']}")
    for note in _notes(found):
        out.print(note)


def _cells(metric: str, group: RunGroup, stats: GroupMetric) -> list[object]:
    interval = stats["bootstrap"] or stats["interval"]
    scale, digits = (100.0, 2) if metric.endswith("_acc") else (1.0, 4)
    return [
        measured(metric, stats["mean"], stats["std"]),
        ""
        if interval is None
        else f"{scale * interval['low']:.{digits}f} to {scale * interval['high']:.{digits}f}",
        stats["n"],
        ", ".join(f"{count} {status}" for status, count in group["counts"].items()),
    ]


def _difference(metric: str, group: RunGroup, number: int) -> tuple[str, str]:
    if group["baseline"]:
        return difference(metric, None)
    return difference(metric, group["metrics"][number]["comparison"])


def _notes(found: RunGroups) -> list[str]:
    notes = []
    mixed = list(dict.fromkeys(name for group in found["groups"] for name in group["mixed"]))
    if mixed:
        notes.append(f"runs of one group differ in {', '.join(mixed)}; add --by to part them")
    repeats = sum(group["repeats"] for group in found["groups"])
    if repeats:
        notes.append(f"{repeats} runs repeat the spec and seed of another one and count once")
    for number, metric in enumerate(found["metrics"]):
        lacking = sum(group["metrics"][number]["lacking"] for group in found["groups"])
        if lacking:
            notes.append(f"{lacking} runs succeeded without {metric}")
    if not found["complete"]:
        notes.append("not complete: some runs have not ended")
    return notes


def _print_differences(out: Console, found: RunDifferences) -> None:
    for run_ids in found["identical"]:
        out.print(f"the same spec, seed included: {', '.join(run_ids)}")
    if not found["fields"]:
        return
    print_table(
        out,
        ("FIELD", *found["run_ids"]),
        (
            ("name", *found["names"]),
            *(
                (field["name"], *(_shown(value) for value in field["values"]))
                for field in found["fields"]
            ),
        ),
    )
    out.print(f"{found['same']} other fields are the same")


def _shown(value: Any) -> str:
    """A value of a spec; one that a run has not is a dash."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value)
