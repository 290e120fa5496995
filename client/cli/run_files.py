"""Files of a run, those that own scripts added among them: commands files and download."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from client.cli.context import JsonFlag, RunId, UrlOption, invocation
from client.cli.render import print_table
from client.errors import InputError
from client.wire import Artifact
from rscore.hints import command
from rscore.spec import nearest_name


def files(
    ctx: typer.Context, run_id: RunId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """List a run's files: checkpoints, what the fold made, and what own scripts added."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.runs.files(client.runs.find(run_id)["id"])
    rows = [(file["kind"], file["name"], file["size"], file["sha256"]) for file in found]
    cli.show(
        {"items": found}, lambda out: print_table(out, ("KIND", "FILE", "BYTES", "SHA-256"), rows)
    )


def download(
    ctx: typer.Context,
    run_id: RunId,
    name: Annotated[str, typer.Argument(metavar="NAME", help="File, as `run files` lists it.")],
    folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder to put the file in.")
    ] = Path(),
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Download a file of a run; it is kept only when its SHA-256 is right."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        run = client.runs.find(run_id)["id"]
        file = _named(client.runs.files(run), run, name)
        path = client.runs.download(file, folder)
    text = f"{path} ({file['size']} bytes, SHA-256 {file['sha256']})"
    cli.show({"path": str(path), **file}, lambda out: out.print(text))


def _named(files: list[Artifact], run_id: str, name: str) -> Artifact:
    """The newest file of that name."""
    for file in reversed(files):
        if file["name"] == name:
            return file
    close = nearest_name(name, [file["name"] for file in files])
    hint = (
        f"did you mean {close!r}?" if close else f"see them with: {command(f'run files {run_id}')}"
    )
    raise InputError(f"run {run_id} has no file {name!r}; {hint}")
