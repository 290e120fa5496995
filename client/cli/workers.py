"""Commands of `realspike worker`."""

from __future__ import annotations

import typer
from rich.console import Console

from client.cli.context import JsonFlag, UrlOption, invocation
from client.cli.render import age, print_table
from client.wire import Worker
from rscore.hints import command

app = typer.Typer(no_args_is_help=True, help="Worker processes.")


@app.callback()
def group() -> None:
    """Worker processes."""


@app.command("list")
def list_workers(ctx: typer.Context, as_json: JsonFlag = False, url: UrlOption = None) -> None:
    """List worker processes, newest first."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        workers = client.workers()
    cli.show({"items": workers}, lambda out: _print_workers(out, workers))


def _print_workers(out: Console, workers: list[Worker]) -> None:
    if not workers:
        out.print(f"no worker has registered; `{command('up')}` starts some")
        return
    print_table(
        out,
        ("ID", "STATUS", "HOST", "PID", "DEVICE", "SLOTS", "RUNS", "SEEN"),
        (
            (
                worker["id"],
                worker["status"],
                worker["host"],
                worker["pid"],
                worker["device"],
                worker["slots"],
                ", ".join(worker["run_ids"]),
                age(worker["seen_at"]),
            )
            for worker in workers
        ),
    )
