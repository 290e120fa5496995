"""Entry point of `realspike`: the commands, and errors as one line with an exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import TyperException

from client.api import default_url
from client.cli import (
    comparisons,
    data,
    doctor,
    edits,
    experiments,
    models,
    runs,
    safety,
    service,
    spool,
    studies,
    study_life,
    sweeps,
    webhooks,
    workers,
)
from client.cli.context import Globals
from client.cli.exits import ExitCode, exit_code
from client.errors import ClientError
from rscore.hints import command

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
runs.app.command("edit")(edits.edit_run)
runs.app.command()(comparisons.groups)
runs.app.command()(comparisons.diff)
studies.app.command("edit")(edits.edit_study)
studies.app.command()(study_life.rerun)
studies.app.command()(sweeps.best)
studies.app.command()(sweeps.importance)
studies.app.command("add-seeds")(study_life.add_seeds)
app.add_typer(studies.app, name="study")
app.add_typer(models.app, name="model")
app.add_typer(data.app, name="data")
app.add_typer(workers.app, name="worker")
app.add_typer(spool.app, name="spool")
app.add_typer(experiments.app, name="experiment")
app.add_typer(webhooks.app, name="webhook")
app.command()(safety.backup)
app.command()(safety.restore)
app.command()(safety.purge)
app.command()(service.version)
app.command()(doctor.doctor)


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
            default_factory=default_url,
            show_default=False,
            help="Where the service is; REALSPIKE_URL.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Train, ablate, compare, fold and serve Real Spike spiking networks."""
    ctx.obj = Globals(url, as_json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code is of `client.cli.exits`."""
    try:
        code = app(args=arguments, prog_name="realspike", standalone_mode=False)
    except SystemExit:
        return _reader_left()  # typer's answer to a closed pipe
    except TyperException as error:
        return _misused(error)
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
    return code if isinstance(code, int) else ExitCode.OK


def run() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(main())


def _misused(error: TyperException) -> int:
    """A command line that typer does not take, said as every other error is."""
    message = error.format_message()
    if message.startswith("Usage:"):  # a group without a command: this is its help
        print(message, file=sys.stderr)
        return error.exit_code
    path = getattr(getattr(error, "ctx", None), "command_path", "realspike")
    see = command(f"{path} --help".removeprefix("realspike "))
    _complain(f"{message[:1].lower()}{message[1:]}\nsee what it takes with: {see}")
    return ExitCode.BAD_INPUT


def _complain(message: str) -> None:
    first, *rest = message.splitlines() or ["it failed and said nothing"]
    print(f"error: {first}", *rest, sep="\n", file=sys.stderr)


def _reader_left() -> int:
    """Whoever read our output went away (`| head`); there is nobody to tell anything."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.OK
