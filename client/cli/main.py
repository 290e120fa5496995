"""Entry point of `realspike`: the commands, and errors as one line with an exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from client.api import DEFAULT_URL
from client.cli import data, models, runs, service, studies, workers
from client.cli.context import Globals
from client.cli.exits import ExitCode, exit_code
from client.errors import ClientError

app = typer.Typer(
    name="realspike",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Train, ablate, compare, fold and serve Real Spike spiking networks.",
)
app.command()(service.up)
app.add_typer(runs.app, name="run")
app.add_typer(studies.app, name="study")
app.add_typer(models.app, name="model")
app.add_typer(data.app, name="data")
app.add_typer(workers.app, name="worker")
app.command()(service.version)


@app.callback()
def globals_(
    ctx: typer.Context,
    url: Annotated[
        str,
        typer.Option(
            "--url",
            metavar="URL",
            envvar="REALSPIKE_URL",
            show_envvar=False,
            help="Where the service is; REALSPIKE_URL.",
        ),
    ] = DEFAULT_URL,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Train, ablate, compare, fold and serve Real Spike spiking networks."""
    ctx.obj = Globals(url, as_json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code is of `client.cli.exits`."""
    try:
        app(args=arguments, prog_name="realspike")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(bool(leaving.code))
    except ClientError as error:
        _complain(str(error))
        return exit_code(error)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except OSError as error:
        if error.errno == errno.EPIPE:
            return _reader_left()
        _complain(f"{error.filename or 'a file'}: {error.strerror or error}")
        return ExitCode.BAD_INPUT
    return ExitCode.OK


def run() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(main())


def _complain(message: str) -> None:
    first, *rest = message.splitlines() or ["it failed and said nothing"]
    print(f"error: {first}", *rest, sep="\n", file=sys.stderr)


def _reader_left() -> int:
    """Whoever read our output went away (`| head`); there is nobody to tell anything."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.OK
