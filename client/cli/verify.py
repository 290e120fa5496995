"""`realspike model verify`: a downloaded model against its certificate, in a process with torch."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from client.cli.context import JsonFlag, UrlOption, invocation
from client.errors import InputError
from rscore.hints import command


def verify(
    ctx: typer.Context,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Folder with a model's files, as `model download --all` makes."
        ),
    ],
    run_pt2: Annotated[
        bool,
        typer.Option(
            "--run-pt2", help="Run folded.pt2 too; its reader executes what the file tells it to."
        ),
    ] = False,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Check a downloaded model against its certificate on this machine; needs no service."""
    cli = invocation(ctx, url=url, as_json=as_json)
    if find_spec("torch") is None:
        raise InputError(
            "checking a model runs it, which needs torch: pip install 'realspike[worker]'"
        )
    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder; get one with: {command('model download ID --all')}"
        )
    # The client has no torch; -P keeps the present folder from standing in for an installed module.
    program = [sys.executable, "-P", "-m", "rscore.verify", str(folder)]
    program += ["--run-pt2"] if run_pt2 else []
    program += ["--json"] if cli.as_json else []
    said = subprocess.PIPE if cli.as_json else None
    done = subprocess.run(program, stdout=said, text=True, check=False)
    if cli.as_json:
        cli.show_line(json.loads(done.stdout))
    if done.returncode:
        raise typer.Exit(done.returncode)
