"""Commands of `realspike worker`."""

from __future__ import annotations

from typing import Annotated

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


@app.command()
def release(
    ctx: typer.Context,
    worker_id: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a worker, or a unique part of it.")
    ],
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Let a worker that was quarantined take runs again."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        worker = client.release_worker(worker_id)
    text = (
        f"worker {worker['id']} takes runs again; if the next one fails there too, it is "
        "quarantined at once"
    )
    cli.show(worker, lambda out: out.print(text))


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
    for worker in workers:
        if worker["status"] == "quarantined":
            since = age(worker["quarantined_at"])
            out.print(f"{worker['id']} is quarantined, {since}: {worker['quarantine_reason']}")
