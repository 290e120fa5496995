"""Commands of `realspike study`."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from client.cli.asking import Yes, confirm
from client.cli.context import (
    Anyway,
    Archived,
    DataDir,
    Deleted,
    Invocation,
    JsonFlag,
    Search,
    StudyId,
    UrlOption,
    invocation,
)
from client.cli.findings import is_search, print_best
from client.cli.plans import print_study_plan
from client.cli.render import (
    age,
    counts_of,
    duration,
    print_fields,
    print_study_table,
    print_table,
    waiting_of,
)
from client.cli.watch import watch_study
from client.documents import naming, read_study
from client.errors import InputError
from client.push import provide_datasets
from client.wire import Study, StudyPage

app = typer.Typer(no_args_is_help=True, help="Sweeps and ablations: many runs, one table.")


class ReportForm(StrEnum):
    """How a report is written."""

    MARKDOWN = "markdown"
    LATEX = "latex"
    CSV = "csv"
    HTML = "html"
    JSON = "json"


@app.command()
def submit(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Study file, YAML or JSON.")],
    watch_it: Annotated[bool, typer.Option("--watch", help="Stay until every run ends.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be queued and what it will need.")
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
        for remark in plan["remarks"]:
            cli.note(f"{file}: {remark}")
        if dry_run:
            cli.show(plan, lambda out: print_study_plan(out, plan))
            return
        provide_datasets(client, document, data_dir, cli.note, anyway=anyway)
        study = client.studies.create(document)
        _show_submitted(cli, study, watched=watch_it)
        if watch_it:
            watch_study(cli, client, study["id"])


def _show_submitted(cli: Invocation, study: Study, *, watched: bool) -> None:
    if cli.as_json and watched:
        cli.show_line({"event": "submitted", "study": study})
        return
    runs = f"{study['total']} runs" if study["total"] else f"{study['trials_left']} trials"
    text = f"study {study['id']} ({study['name']}): {runs}"
    if not watched:
        text += f"\nwatch it with: {cli.command('study watch ' + study['id'])}"
    cli.show(study, lambda out: out.print(text))


@app.command("list")
def list_studies(
    ctx: typer.Context,
    search: Search = None,
    experiment: Annotated[
        str | None, typer.Option("--experiment", help="Only studies of this experiment.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="At most so many.")] = 20,
    deleted: Deleted = False,
    archived: Archived = False,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """List studies, newest first."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        page = client.studies.page(
            search=search, experiment=experiment, limit=limit, deleted=deleted, archived=archived
        )
    none = f"no studies; submit one with: {cli.command('study submit FILE')}"
    if archived:
        none = "no such study is archived"
    elif deleted:
        none = "no study was deleted"
    elif search or experiment:
        none = "no study fits; archived ones are found with --archived"
    cli.show(page, lambda out: _print_page(out, page, none))


@app.command()
def show(
    ctx: typer.Context, study_id: StudyId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Show where a study stands."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        study = client.studies.find(study_id)
        best = client.studies.best(study["id"]) if is_search(study) else None

    def person(out: Console) -> None:
        _print_study(out, study)
        if best is not None:
            print_best(out, best)

    cli.show(study, person)


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
    """Print a study's comparison table: mean ± std over the seeds, best first, and verdicts."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        study = client.studies.find(study_id)
        found = client.studies.table(study["id"], metric=metric)
        best = client.studies.best(study["id"]) if is_search(study) else None

    def person(out: Console) -> None:
        print_study_table(out, found)
        if best is not None:
            print_best(out, best)

    cli.show(found, person)


@app.command()
def report(
    ctx: typer.Context,
    study_id: StudyId,
    form: Annotated[
        ReportForm, typer.Option("--format", help="How the report is written.")
    ] = ReportForm.MARKDOWN,
    metric: Annotated[
        str | None, typer.Option("--metric", help="Compare by this metric instead of its own.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="File to write; stdout if not given."),
    ] = None,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Write a study's table with verdicts, sources and links: for a paper, a sheet or a mail."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.studies.find(study_id)["id"]
        if cli.as_json or form is ReportForm.JSON:
            text = json.dumps(client.studies.table(found, metric=metric), indent=2) + "\n"
        else:
            text = client.studies.report(found, form=form.value, metric=metric)
    if out is None:
        sys.stdout.write(text)
        return
    out.write_text(text, encoding="utf-8")
    cli.note(f"wrote {out}")


@app.command()
def cancel(
    ctx: typer.Context,
    study_id: StudyId,
    yes: Yes = False,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Stop every run of a study that has not ended, after saying what that is."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.studies.find(study_id, alone=True)
        if stopped := _what_cancelling_stops(found):
            confirm(f"study {found['id']} ({found['name']}): {stopped}", yes=yes)
        study = client.studies.cancel(found["id"])
    cli.show(study, lambda out: out.print(f"study {study['id']}: {counts_of(study)}"))


def _what_cancelling_stops(study: Study) -> str:
    running, waiting = study["counts"]["running"], waiting_of(study)
    said = [
        f"{running} that train stop at their next step" if running else "",
        f"{waiting} that wait never begin" if waiting else "",
        f"{study['trials_left']} trials are not made any more" if study["trials_left"] else "",
    ]
    return "; ".join(part for part in said if part)


@app.command()
def pause(
    ctx: typer.Context, study_id: StudyId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Let no further run of a study begin; those that run go on to their end."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        study = client.studies.pause(client.studies.find(study_id, alone=True)["id"])
    running = study["counts"]["running"]
    text = f"study {study['id']} is paused: {counts_of(study)}"
    if running:
        text += f"; {running} that train go on to their end"
    cli.show(study, lambda out: out.print(text))


@app.command()
def resume(
    ctx: typer.Context, study_id: StudyId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Go on with a paused study."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        study = client.studies.resume(client.studies.find(study_id, alone=True)["id"])
    cli.show(study, lambda out: out.print(f"study {study['id']} goes on: {counts_of(study)}"))


@app.command("set")
def change(
    ctx: typer.Context,
    study_id: StudyId,
    priority: Annotated[
        int | None, typer.Option("--priority", min=-100, max=100, help="Higher runs first.")
    ] = None,
    parallel: Annotated[
        int | None, typer.Option("--parallel", min=1, max=1000, help="Most runs open at once.")
    ] = None,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Change a study while it runs: its priority, or how many of its runs are open at once."""
    if priority is None and parallel is None:
        raise InputError("nothing to change: give --priority or --parallel")
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.studies.find(study_id, alone=True)["id"]
        study = client.studies.change(found, priority=priority, parallel=parallel)
    cli.show(study, lambda out: out.print(f"study {study['id']} is changed: {counts_of(study)}"))


@app.command()
def delete(
    ctx: typer.Context, study_id: StudyId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Delete a study that has ended, with its runs and their models, until it is purged."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.studies.find(study_id, alone=True)["id"]
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
            ("notice", study["notice"] or ""),
            ("trials left", "" if study["trials_left"] is None else str(study["trials_left"])),
            ("at once", "" if study["parallel"] is None else str(study["parallel"])),
            ("done", f"{100 * study['progress']:.0f} %"),
            ("ETA", "" if study["finished_at"] else duration(study["eta_seconds"])),
            ("factors", ", ".join(study["factors"])),
            ("metric", f"{study['goal']} {study['metric']}"),
            ("created", age(study["created_at"])),
            ("archived", age(study["archived_at"])),
        ],
    )
    if study["notes"]:
        out.print(f"\n{study['notes']}\n")
