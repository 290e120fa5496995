"""Commands of `realspike run`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from client.cli import measurements, run_files
from client.cli.context import (
    Anyway,
    Archived,
    DataDir,
    Deleted,
    Invocation,
    JsonFlag,
    RunId,
    Search,
    UrlOption,
    invocation,
)
from client.cli.plans import print_run_plan
from client.cli.render import (
    age,
    ahead,
    epoch_of,
    number,
    outcome_of,
    percent,
    print_fields,
    print_table,
    status_of,
)
from client.cli.watch import watch_run
from client.documents import naming, read_run
from client.push import provide_datasets
from client.wire import Json, Run, RunPage
from rscore.spec import RunSpec

TELLING = ("dataset", "network", "num_timesteps", "granularity", "epochs", "seed")
"""Fields of a specification that are always worth their place."""

app = typer.Typer(no_args_is_help=True, help="Trainings: submit, list, watch, stop, repeat.")

for other in (
    measurements.log,
    measurements.metrics,
    measurements.histogram,
    run_files.files,
    run_files.download,
):
    app.command()(other)


@app.command()
def submit(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Run file, YAML or JSON.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change a field; may be repeated."),
    ] = None,
    watch_it: Annotated[bool, typer.Option("--watch", help="Stay until the run ends.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be queued and what it will need.")
    ] = False,
    data_dir: DataDir = None,
    anyway: Anyway = False,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Queue a training; its data set is sent first where the service lacks it."""
    cli = invocation(ctx, url=url, as_json=as_json)
    document = read_run(file, settings or [])
    with cli.client() as client:
        if dry_run:
            with naming(file, settings or []):
                plan = client.runs.plan(document)
            cli.show(plan, lambda out: print_run_plan(out, plan))
            return
        provide_datasets(client, document, data_dir, cli.note, anyway=anyway)
        with naming(file, settings or []):
            run = client.runs.create(document)
        _show_submitted(cli, run, watched=watch_it)
        if watch_it:
            watch_run(cli, client, run["id"])


def _show_submitted(cli: Invocation, run: Run, *, watched: bool) -> None:
    if cli.as_json and watched:
        cli.show_line({"event": "submitted", "run": run})
        return
    text = f"run {run['id']} ({run['name']}) is {run['status']}"
    if not watched:
        text += f"\nwatch it with: {cli.command('run watch ' + run['id'])}"
    cli.show(run, lambda out: out.print(text))


@app.command("list")
def list_runs(
    ctx: typer.Context,
    where: Annotated[
        str | None,
        typer.Option(
            "--filter",
            metavar="FILTER",
            help='For example: metrics.test_acc > 0.9 and status = "succeeded"',
        ),
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only this status; may be repeated.")
    ] = None,
    experiment: Annotated[
        str | None, typer.Option("--experiment", help="Only runs of this experiment.")
    ] = None,
    search: Search = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="At most so many.")] = 20,
    deleted: Deleted = False,
    archived: Archived = False,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """List runs, newest first."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        page = client.runs.page(
            where=where,
            status=status or (),
            experiment=experiment,
            search=search,
            limit=limit,
            deleted=deleted,
            archived=archived,
        )
    none = f"no runs; submit one with: {cli.command('run submit FILE')}"
    if archived:
        none = "no such run is archived"
    elif deleted:
        none = "no run was deleted"
    elif search:
        none = f"no run has all of {search!r}; archived ones are found with --archived"
    cli.show(page, lambda out: _print_page(out, page, none))


@app.command()
def show(
    ctx: typer.Context, run_id: RunId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Show a run with its attempts."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        run = client.runs.find(run_id)
    cli.show(run, lambda out: _print_run(out, run))


@app.command()
def watch(
    ctx: typer.Context, run_id: RunId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Follow a run to its end; exit code 1 when it fails or is cancelled."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        watch_run(cli, client, client.runs.find(run_id)["id"])


@app.command()
def cancel(
    ctx: typer.Context, run_id: RunId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Stop a run: at once when it waits, at its next step when it trains."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        run = client.runs.cancel(client.runs.find(run_id)["id"])
    cli.show(run, lambda out: out.print(f"run {run['id']} is {status_of(run)}"))


@app.command()
def retry(
    ctx: typer.Context, run_id: RunId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Queue a failed or cancelled run again; it goes on from its last checkpoint."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        run = client.runs.retry(client.runs.find(run_id)["id"])
    cli.show(run, lambda out: out.print(f"run {run['id']} is {status_of(run)}"))


@app.command()
def delete(
    ctx: typer.Context, run_id: RunId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Delete a run that has ended, with its files and its model, until it is purged."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.runs.find(run_id)["id"]
        client.runs.delete(found)
    text = f"run {found} is deleted; bring it back with: {cli.command(f'run restore {found}')}"
    cli.show({"deleted": found}, lambda out: out.print(text))


@app.command()
def restore(
    ctx: typer.Context, run_id: RunId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Bring a deleted run back, with its files and its model."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        run = client.runs.restore(run_id)
    cli.show(run, lambda out: out.print(f"run {run['id']} is back; it is {status_of(run)}"))


def _print_page(out: Console, page: RunPage, none: str) -> None:
    if not page["items"]:
        out.print(none)
        return
    print_table(
        out,
        ("ID", "NAME", "EXPERIMENT", "SOURCE", "STATUS", "EPOCH", "ACCURACY", "CREATED"),
        (
            (
                run["id"],
                run["name"],
                run["experiment"],
                run["source"],
                status_of(run),
                epoch_of(run),
                percent(run["summary"].get("test_acc")),
                age(run["created_at"]),
            )
            for run in page["items"]
        ),
    )
    if page["total"] > len(page["items"]):
        out.print(f"{len(page['items'])} of {page['total']}; see more with --limit")


def _print_run(out: Console, run: Run) -> None:
    print_fields(
        out,
        [
            ("id", run["id"]),
            ("name", run["name"]),
            ("experiment", run["experiment"]),
            ("tags", ", ".join(run["tags"])),
            ("archived", age(run["archived_at"])),
            ("study", run["study_id"]),
            ("source", run["source"]),
            ("status", status_of(run)),
            ("detail", run["detail"]),
            ("place in queue", run["queue_position"]),
            ("not before", ahead(run["not_before"])),
            ("epoch", epoch_of(run)),
            ("accuracy", percent(run["summary"].get("test_acc"))),
            ("loss", number(run["summary"].get("train_loss"))),
            ("model", run["model_id"]),
            ("created", age(run["created_at"])),
            ("spec", _said(run["spec"]) if run["source"] == "script" else _differing(run["spec"])),
            ("digest", run["spec_digest"]),
        ],
    )
    if run["notes"]:
        out.print(f"\n{run['notes']}\n")
    if run["attempts"]:
        print_table(
            out,
            ("ATTEMPT", "OUTCOME", "HOST", "DEVICE", "FROM STEP", "STARTED", "WORKER"),
            (
                (
                    attempt["number"],
                    outcome_of(attempt),
                    attempt["host"],
                    attempt["device"],
                    attempt["resumed_step"],
                    age(attempt["started_at"]),
                    attempt["worker_id"],
                )
                for attempt in run["attempts"]
            ),
        )


def _differing(spec: Json) -> str:
    """What a run is, and every field that is not as it would be by itself."""
    fields = RunSpec.model_fields
    shown = {
        name: value
        for name, value in spec.items()
        if name in TELLING or name not in fields or value != fields[name].default
    }
    return _said(shown)


def _said(spec: Json) -> str:
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in spec.items()
    )
