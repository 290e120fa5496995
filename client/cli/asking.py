"""Asking before something is done that cannot be taken back."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from client.cli.exits import ExitCode
from client.errors import InputError

Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def confirm(what: str, *, yes: bool) -> None:
    """Return when a person agrees to what will happen; without anybody to ask, only with `yes`."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError(f"{what}\nnothing was done, since nobody can be asked; say --yes to do it")
    print(what, file=sys.stderr)
    try:
        agreed = typer.confirm("Go on?", err=True)
    except typer.Abort as error:
        raise typer.Exit(ExitCode.INTERRUPTED) from error
    if not agreed:
        print("nothing was done", file=sys.stderr)
        raise typer.Exit(ExitCode.OK)
