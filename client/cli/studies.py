"""Commands of `realspike study`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from client.cli.context import Anyway, DataDir, Deleted, Invocation, JsonFlag, UrlOption, invocation
from client.cli.render import (
    age,
    counts_of,
    duration,
    levels,
    print_fields,
    print_study_table,
    print_table,
)
from client.cli.watch import watch_study
from client.documents import naming, read_study
from client.push import provide_datasets
from client.wire import Study, StudyPage, StudyPlan

app = typer.Typer(no_args_is_help=True, help="Sweeps and ablations: many runs, one table.")

StudyId = Annotated[
    str, typer.Argument(metavar="ID", help="Id of a study, a unique part of it, or its name.")
]


@app.command()
def submit(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Study file, YAML or JSON.")],
    watch_it: Annotated[bool, typer.Option("--watch", help="Stay until every run ends.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be queued; queue nothing.")
    ] = False,
    data_dir: DataDir = None,
    anyway: Anyway = False,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Queue every run of a study; its data sets are sent first where the service lacks them."""
    cli = invocation(ctx, url=url, as_json=as_json)
    document = read_study(file)
    with cli.client() as client:
        with naming(file):
            plan = client.studies.plan(document)
        if dry_run:
            _show_plan(cli, plan)
            return
        provide_datasets(client, document, data_dir, cli.note, anyway=anyway)
        study = client.studies.create(document)
        _show_submitted(cli, study, watched=watch_it)
        if watch_it:
            watch_study(cli, client, study["id"])


def _show_plan(cli: Invocation, plan: StudyPlan) -> None:
    def person(out: Console) -> None:
        cells = len(plan["cells"])
        out.print(f"{plan['runs']} runs in {cells} cells; nothing was queued")
        for cell in plan["cells"]:
            out.print(f"  {levels(cell) or 'all'}")

    cli.show(plan, person)


def _show_submitted(cli: Invocation, study: Study, *, watched: bool) -> None:
    if cli.as_json and watched:
        cli.show_line({"event": "submitted", "study": study})
        return
    text = f"study {study['id']} ({study['name']}): {study['total']} runs"
    if not watched:
        text += f"\nwatch it with: {cli.command('study watch ' + study['id'])}"
    cli.show(study, lambda out: out.print(text))


@app.command("list")
def list_studies(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="At most so many.")] = 20,
    deleted: Deleted = False,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """List studies, newest first."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        page = client.studies.page(limit=limit, deleted=deleted)
    none = (
        "no study was deleted"
        if deleted
        else f"no studies; submit one with: {cli.command('study submit FILE')}"
    )
    cli.show(page, lambda out: _print_page(out, page, none))


@app.command()
def show(
    ctx: typer.Context, study_id: StudyId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Show where a study stands."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        study = client.studies.find(study_id)
    cli.show(study, lambda out: _print_study(out, study))


@app.command()
def watch(
    ctx: typer.Context, study_id: StudyId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Follow a study to its end, then print its table; exit code 1 unless every run succeeded."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        watch_study(cli, client, client.studies.find(study_id)["id"])


@app.command()
def table(
    ctx: typer.Context,
    study_id: StudyId,
    metric: Annotated[
        str | None, typer.Option("--metric", help="Compare by this metric instead of its own.")
    ] = None,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Print a study's comparison table: mean ± standard deviation over the seeds, best first."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.studies.table(client.studies.find(study_id)["id"], metric=metric)
    cli.show(found, lambda out: print_study_table(out, found))


@app.command()
def cancel(
    ctx: typer.Context, study_id: StudyId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Stop every run of a study that has not ended."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        study = client.studies.cancel(client.studies.find(study_id)["id"])
    cli.show(study, lambda out: out.print(f"study {study['id']}: {counts_of(study)}"))


@app.command()
def delete(
    ctx: typer.Context, study_id: StudyId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Delete a study that has ended, with its runs and their models, until it is purged."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.studies.find(study_id)["id"]
        client.studies.delete(found)
    text = f"study {found} is deleted; bring it back with: {cli.command(f'study restore {found}')}"
    cli.show({"deleted": found}, lambda out: out.print(text))


@app.command()
def restore(
    ctx: typer.Context, study_id: StudyId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Bring a deleted study back, with the runs and models that were deleted with it."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        study = client.studies.restore(study_id)
    cli.show(study, lambda out: out.print(f"study {study['id']} is back: {counts_of(study)}"))


def _print_page(out: Console, page: StudyPage, none: str) -> None:
    if not page["items"]:
        out.print(none)
        return
    print_table(
        out,
        ("ID", "NAME", "EXPERIMENT", "STATUS", "RUNS", "DONE", "CREATED"),
        (
            (
                study["id"],
                study["name"],
                study["experiment"],
                study["status"],
                counts_of(study),
                f"{100 * study['progress']:.0f} %",
                age(study["created_at"]),
            )
            for study in page["items"]
        ),
    )
    if page["total"] > len(page["items"]):
        out.print(f"{len(page['items'])} of {page['total']}; see more with --limit")


def _print_study(out: Console, study: Study) -> None:
    print_fields(
        out,
        [
            ("id", study["id"]),
            ("name", study["name"]),
            ("experiment", study["experiment"]),
            ("status", study["status"]),
            ("runs", f"{study['total']}: {counts_of(study)}"),
            ("done", f"{100 * study['progress']:.0f} %"),
            ("ETA", "" if study["finished_at"] else duration(study["eta_seconds"])),
            ("factors", ", ".join(study["factors"])),
            ("metric", f"{study['goal']} {study['metric']}"),
            ("created", age(study["created_at"])),
        ],
    )
