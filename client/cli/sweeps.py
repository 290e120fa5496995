"""Commands of `realspike study` that say what a study found."""

from __future__ import annotations

from typing import Annotated

import typer

from client.cli.context import JsonFlag, StudyId, UrlOption, invocation
from client.cli.findings import print_best, print_importance
from client.errors import InputError


def best(
    ctx: typer.Context, study_id: StudyId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Show the best run of a study, or with several objectives its Pareto front."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.studies.best(client.studies.find(study_id)["id"])
    cli.show(found, lambda out: print_best(out, found))


def importance(
    ctx: typer.Context,
    study_id: StudyId,
    metric: Annotated[
        str | None, typer.Option("--metric", help="Explain this metric instead of its own.")
    ] = None,
    epoch: Annotated[
        str | None,
        typer.Option(
            "--epoch", metavar="N|last", help="Compare the runs at this epoch, or at their end."
        ),
    ] = None,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Show which parameters mattered: the share of the variance that each explains."""
    if epoch is not None and epoch != "last" and not (epoch.isdecimal() and int(epoch)):
        raise InputError(f"--epoch {epoch}: give a number from 1 on, or last")
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.studies.importance(
            client.studies.find(study_id)["id"], metric=metric, epoch=epoch
        )
    cli.show(found, lambda out: print_importance(out, found))
