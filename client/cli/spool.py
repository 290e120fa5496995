"""Commands of `realspike spool`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from client.api import Client
from client.cli.context import JsonFlag, UrlOption, invocation
from client.cli.exits import ExitCode, exit_code
from client.cli.render import age, count, print_table
from client.errors import ClientError
from client.spool.delivery import Outcome, deliver
from client.spool.outbox import Outbox
from client.spool.spool import Spool
from client.wire import Json
from rscore.hints import command

app = typer.Typer(
    no_args_is_help=True, help="What own scripts recorded and the service does not have yet."
)

SpoolDir = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        metavar="DIR",
        envvar="REALSPIKE_SPOOL_DIR",
        show_envvar=False,
        help="Folder of the spool; REALSPIKE_SPOOL_DIR.",
    ),
]


@app.command()
def show(
    ctx: typer.Context, folder: SpoolDir = None, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Show what waits for a service, and what one refused."""
    cli = invocation(ctx, url=url, as_json=as_json)
    spool = Spool(folder)
    shown = [
        about
        for outbox in spool.outboxes(_chosen(ctx, url))
        if (about := _about(outbox)) is not None
    ]
    document = {"folder": str(spool.folder), "items": shown}
    cli.show(document, lambda out: _print_spool(out, spool, shown))


@app.command()
def drain(
    ctx: typer.Context,
    again: Annotated[
        bool, typer.Option("--again", help="Send what was refused again, too.")
    ] = False,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="URL", help="Deliver to this address: the service moved."),
    ] = None,
    folder: SpoolDir = None,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Deliver what waits, each to the service that it was recorded for."""
    cli = invocation(ctx, url=url, as_json=as_json)
    results: list[Json] = []
    code = ExitCode.OK
    for outbox in Spool(folder).outboxes(_chosen(ctx, url)):
        if again:
            outbox.put_back()
        if outbox.is_empty():
            continue
        with Client(to or outbox.url, on_wait=cli.note) as client:
            outcome = deliver(outbox, client.runs)
        trouble = outcome.held or outcome.refusal
        if trouble is not None:
            code = exit_code(trouble)
        results.append(_result(outbox, outcome))
    cli.show({"items": results}, lambda out: _print_results(out, results))
    raise typer.Exit(code)


def _chosen(ctx: typer.Context, url: str | None) -> str | None:
    """The service that was named on the command line, or None for all of them."""
    root = ctx.find_root()
    source = root.get_parameter_source("url")
    named = source is not None and source.name == "COMMANDLINE"
    return url or (str(root.params["url"]) if named else None)


def _about(outbox: Outbox) -> Json | None:
    waiting, refused = outbox.waiting(), outbox.refused()
    if not waiting.entries and not refused:
        return None
    return {
        "url": outbox.url,
        "run_id": outbox.run_id,
        "folder": str(outbox.folder),
        **asdict(waiting),
        "refused": [
            {"at": each.at, "problem": each.problem, "path": str(each.path)} for each in refused
        ],
    }


def _result(outbox: Outbox, outcome: Outcome) -> Json:
    held = "another process delivers it" if outcome.busy else _first_line(outcome.held)
    return {
        "url": outbox.url,
        "run_id": outbox.run_id,
        "folder": str(outbox.folder),
        "delivered": outcome.delivered,
        "refused": outcome.refused,
        "damaged": outcome.damaged,
        "waiting": outbox.waiting().entries,
        "held": held,
        "problem": _first_line(outcome.refusal),
    }


def _first_line(error: ClientError | None) -> str | None:
    return None if error is None else str(error).splitlines()[0]


def _print_spool(out: Console, spool: Spool, shown: list[Json]) -> None:
    if not shown:
        out.print(f"nothing waits in {spool.folder}")
        return
    print_table(
        out,
        ("RUN", "SERVICE", "ENTRIES", "POINTS", "FILES", "BYTES", "OLDEST", "REFUSED"),
        (
            (
                about["run_id"],
                about["url"],
                about["entries"],
                about["points"],
                about["files"],
                count(about["bytes"]),
                age(about["oldest"]),
                len(about["refused"]),
            )
            for about in shown
        ),
    )
    for about in shown:
        for each in about["refused"]:
            out.print(f"{about['run_id']} refused: {each['problem'].splitlines()[0]}")
    out.print(f"deliver what waits with: {command('spool drain')}")


def _print_results(out: Console, results: list[Json]) -> None:
    if not results:
        out.print("nothing waits")
    for result in results:
        words = f"{result['run_id']}: {result['delivered']} delivered"
        if result["refused"]:
            words += f", {result['refused']} refused and kept in {result['folder']}/refused"
        if result["waiting"]:
            words += f", {result['waiting']} still wait"
        if result["damaged"]:
            words += f", {result['damaged']} cut off while they were written"
        reason = result["held"] or result["problem"]
        out.print(f"{words} ({reason})" if reason else words)
