"""What a run said and measured: commands log, metrics and histogram of `realspike run`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console

from client.cli.context import JsonFlag, RunId, UrlOption, invocation
from client.cli.render import bars, number, print_table
from client.errors import InputError
from client.follow import TERMINAL
from client.wire import Histograms, Metrics
from rscore.spec import nearest_name

FEWEST_POINTS = 2
"""Points a metric, where only the names are asked for; the service gives no fewer."""


def log(
    ctx: typer.Context,
    run_id: RunId,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The newest so many lines.")] = 200,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Print the newest lines of a run's log."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        lines = client.runs.log(client.runs.find(run_id)["id"], limit=limit)

    def person(out: Console) -> None:
        for line in lines:
            out.print(f"{line['recorded_at'][:19]}  {line['attempt']}  {line['text']}")

    cli.show({"items": lines}, person)


def metrics(
    ctx: typer.Context,
    run_id: RunId,
    names: Annotated[
        list[str] | None, typer.Option("--name", help="Only this metric; may be repeated.")
    ] = None,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Print a run's metrics, one row an epoch."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        run = client.runs.find(run_id)
        found = client.runs.metrics(run["id"], names=names or ())
        missing = set(names or ()) - {item["name"] for item in found["series"] if item["total"]}
        if missing:
            _refuse_unknown(missing, client.runs.metrics(run["id"], max_points=FEWEST_POINTS))
    nothing = "no metrics" if run["status"] in TERMINAL else "no metrics yet"
    cli.show(found, lambda out: _print_metrics(out, found, every=bool(names), nothing=nothing))


def _refuse_unknown(missing: Iterable[str], measured: Metrics) -> None:
    """An error for names that a run has not, as long as it has any."""
    names = sorted(series["name"] for series in measured["series"])
    lines = []
    for name in sorted(missing) if names else []:
        close = nearest_name(name, names)
        hint = f"did you mean {close!r}?" if close else f"it has {', '.join(names)}"
        lines.append(f"run {measured['run_id']} has no metric {name!r}; {hint}")
    if lines:
        raise InputError("\n".join(lines))


def histogram(
    ctx: typer.Context,
    run_id: RunId,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="For example amplitude/conv1; lists all without."),
    ] = None,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Print how a layer's amplitudes or membranes are distributed, one row an epoch."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        names = [name] if name else []
        found = client.runs.histograms(client.runs.find(run_id)["id"], names=names)
    if name and name not in found["names"]:
        close = nearest_name(name, found["names"])
        hint = f"did you mean {close!r}?" if close else "see all without a name"
        raise InputError(f"run {found['run_id']} has no distribution {name!r}; {hint}")
    cli.show(found, lambda out: _print_histograms(out, found))


def _print_histograms(out: Console, found: Histograms) -> None:
    for item in found["series"]:
        rows = zip(
            item["epochs"], item["steps"], item["lows"], item["counts"], item["highs"], strict=True
        )
        print_table(
            out,
            ("EPOCH", "STEP", "FROM", "COUNTS", "TO"),
            (
                (epoch, step, number(low), bars(counts), number(high))
                for epoch, step, low, counts, high in rows
            ),
        )
    if not found["series"]:
        out.print("\n".join(found["names"]) or "no distributions yet; they come with each epoch")


def _print_metrics(out: Console, found: Metrics, *, every: bool, nothing: str) -> None:
    """One row a step at which something was measured: ends of epochs, or `every` step there is."""
    shown = [
        item
        for item in found["series"]
        if every or not ("/" in item["name"] or item["name"].startswith("batch_"))
    ]
    rows: dict[tuple[int, int | None], dict[str, float]] = {}
    for item in shown:
        for step, value, epoch in zip(item["steps"], item["values"], item["epochs"], strict=True):
            rows.setdefault((step, epoch), {})[item["name"]] = value
    if not rows:
        out.print(nothing)
        return
    columns = [item["name"] for item in shown]
    print_table(
        out,
        ("EPOCH", "STEP", *columns),
        (
            (epoch, step, *(number(values.get(name)) for name in columns))
            for (step, epoch), values in sorted(rows.items(), key=lambda row: row[0][0])
        ),
    )
    hidden = len(found["series"]) - len(shown)
    if hidden:
        out.print(f"{hidden} more, per layer or per batch; see them with --json or --name")
