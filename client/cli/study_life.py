"""`realspike study rerun` and `study add-seeds`: more runs for a study that is there."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.console import Console

from client.cli.context import Invocation, JsonFlag, StudyId, UrlOption, invocation
from client.cli.render import counts_of
from client.errors import InputError
from client.wire import SeedsAdded, Study, StudyRerun


def rerun(
    ctx: typer.Context,
    study_id: StudyId,
    cancelled: Annotated[
        bool, typer.Option("--cancelled", help="Those that were cancelled, too.")
    ] = False,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Queue the failed runs of a study again; they go on from their last checkpoints."""
    cli = invocation(ctx, url=url, as_json=as_json)
    which: Literal["failed", "both"] = "both" if cancelled else "failed"
    with cli.client() as client:
        found = client.studies.find(study_id, alone=True)["id"]
        done = client.studies.rerun(found, which=which)
    cli.show(done, lambda out: _print_rerun(cli, out, done))


def _print_rerun(cli: Invocation, out: Console, done: StudyRerun) -> None:
    study = done["study"]
    out.print(f"study {study['id']}: {done['queued']} runs are queued again; {counts_of(study)}")
    if done["scripts"]:
        out.print(f"{done['scripts']} of own scripts are left out: start those scripts again")
    _say_when_paused(cli, out, study)


def add_seeds(
    ctx: typer.Context,
    study_id: StudyId,
    seeds: Annotated[
        list[int] | None, typer.Argument(metavar="SEED", min=0, help="Seeds to add.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="So many that follow the highest, instead.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be queued; queue nothing.")
    ] = False,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Give an ablation or a grid more seeds: every cell gets a run with each."""
    if bool(seeds) == (count is not None):
        raise InputError("say which seeds, or how many with --count")
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.studies.find(study_id, alone=True)["id"]
        added = client.studies.add_seeds(found, seeds or (), count=count, dry_run=dry_run)
    cli.show(added, lambda out: _print_added(cli, out, added, dry_run=dry_run))


def _print_added(cli: Invocation, out: Console, added: SeedsAdded, *, dry_run: bool) -> None:
    study = added["study"]
    seeds = ", ".join(map(str, added["seeds"]))
    if dry_run:
        out.print(f"seeds {seeds}: {added['runs']} runs; nothing was queued")
        for name in added["names"]:
            out.print(f"  {name}")
        return
    out.print(f"study {study['id']}: {added['runs']} runs more; {counts_of(study)}")
    if not added["runs"]:
        out.print(f"every cell has its run with the seeds {seeds} already")
    _say_when_paused(cli, out, study)


def _say_when_paused(cli: Invocation, out: Console, study: Study) -> None:
    if study["status"] == "paused":
        out.print(f"it is paused; go on with: {cli.command('study resume ' + study['id'])}")
