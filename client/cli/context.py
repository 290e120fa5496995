"""What every command shares: where the service is, and how to print."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from client.api import Client, default_url
from client.cli.exits import ExitCode
from rscore.hints import command

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="Where the service is; REALSPIKE_URL, else this machine's at REALSPIKE_PORT or 8700.",
    ),
]
RunId = Annotated[str, typer.Argument(metavar="ID", help="Id of a run, or a unique part of it.")]
StudyId = Annotated[
    str, typer.Argument(metavar="ID", help="Id of a study, a unique part of it, or its name.")
]
Deleted = Annotated[
    bool, typer.Option("--deleted", help="Those that were deleted and can be brought back.")
]
Archived = Annotated[
    bool, typer.Option("--archived", help="Those that were archived, instead of the others.")
]
Search = Annotated[
    str | None,
    typer.Option(
        "--search",
        metavar="WORDS",
        help="Only where every word is in the name, experiment, tags, notes or id.",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        envvar="REALSPIKE_DATA_DIR",
        show_envvar=False,
        help="Folder with one sub-folder per data set; REALSPIKE_DATA_DIR.",
    ),
]
Anyway = Annotated[
    bool, typer.Option("--anyway", help="Queue also where the service lacks a data set.")
]


@dataclass(frozen=True, slots=True)
class Globals:
    """Options given before the command."""

    url: str
    as_json: bool


@dataclass(frozen=True, slots=True)
class Invocation:
    """One command being run."""

    url: str
    as_json: bool

    def client(self, **options: Any) -> Client:
        """A client of the service that the user named; it says when it has to wait."""
        return Client(self.url, **{"on_wait": self.note, **options})

    def command(self, arguments: str) -> str:
        """A command for a hint, with the service's address where it would not be found without."""
        found = os.environ.get("REALSPIKE_URL") or default_url()
        return command(arguments if self.url == found else f"--url {self.url} {arguments}")

    def show(self, document: Any, person: Callable[[Console], None]) -> None:
        """Print a result: the document as JSON, or what `person` makes of it for a person."""
        if self.as_json:
            print(json.dumps(document, indent=2, ensure_ascii=False))
        else:
            person(stdout())

    def show_line(self, document: Any) -> None:
        """Print one JSON document on a line of its own."""
        print(json.dumps(document, ensure_ascii=False), flush=True)

    def note(self, message: str) -> None:
        """Say something that is not the result."""
        print(message, file=sys.stderr, flush=True)


def invocation(ctx: typer.Context, *, url: str | None, as_json: bool) -> Invocation:
    """The options of a command, over the ones given before it."""
    given = ctx.find_object(Globals) or Globals(default_url(), as_json=False)
    return Invocation(url or given.url, as_json or given.as_json)


def stdout() -> Console:
    """Where results go. A pipe gets whole lines, whatever the width of a terminal."""
    width = None if sys.stdout.isatty() else 400
    return Console(width=width, highlight=False, markup=False, soft_wrap=width is not None)


def ended(status: str) -> None:
    """Leave with the exit code of a run or study that ended."""
    if status not in ("succeeded", "finished"):
        raise typer.Exit(ExitCode.ENDED_BADLY)
