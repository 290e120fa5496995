"""Commands of `realspike experiment`."""

from __future__ import annotations

from collections.abc import Mapping

import typer
from rich.console import Console

from client.cli.context import JsonFlag, UrlOption, invocation
from client.cli.render import age, print_table
from client.wire import Experiment
from rscore.hints import command

app = typer.Typer(no_args_is_help=True, help="Names under which studies and runs stand.")


@app.callback()
def group() -> None:
    """Names under which studies and runs stand."""


@app.command("list")
def list_experiments(ctx: typer.Context, as_json: JsonFlag = False, url: UrlOption = None) -> None:
    """List experiments with their runs and studies, the newest activity first."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        items = client.experiments()
    cli.show({"items": items}, lambda out: _print_experiments(out, items))


def _print_experiments(out: Console, items: list[Experiment]) -> None:
    if not items:
        out.print(f"no experiments; the first run makes one: {command('run submit FILE')}")
        return
    print_table(
        out,
        ("EXPERIMENT", "RUNS", "STUDIES", "ACTIVE"),
        (
            (
                item["name"],
                _counts(item["runs"]),
                _counts(item["studies"]),
                age(item["active_at"]),
            )
            for item in items
        ),
    )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)
