"""Watch a run or a study to its end, and leave with its exit code."""

from __future__ import annotations

import typer

from client.api import Client
from client.cli.context import Invocation, ended, stdout
from client.cli.exits import ExitCode
from client.cli.live import board
from client.cli.render import percent, print_study_table
from client.follow import Follower
from client.wire import Model, Run


def watch_run(cli: Invocation, client: Client, run_id: str) -> None:
    """Show a run's epochs as they end; exit code 1 when it fails or is cancelled."""
    _follow(cli, Follower(client, run_id=run_id), cli.command(f"run watch {run_id}"))
    run = client.runs.get(run_id)
    if cli.as_json:
        cli.show_line({"event": "end", "run": run})
    else:
        print_end(cli, run, client.models.get(run["model_id"]) if run["model_id"] else None)
    ended(run["status"])


def watch_study(cli: Invocation, client: Client, study_id: str) -> None:
    """Show a study's runs as they go, then its table; exit code 1 if one failed or was ended."""
    _follow(cli, Follower(client, study_id=study_id), cli.command(f"study watch {study_id}"))
    study = client.studies.get(study_id)
    table = client.studies.table(study_id)
    if cli.as_json:
        cli.show_line({"event": "end", "study": study, "table": table})
    else:
        print_study_table(stdout(), table)
    pruned = sum(cell["pruned"] for cell in table["cells"])
    as_planned = study["counts"].get("succeeded", 0) + pruned == study["total"]
    ended("finished" if as_planned else "failed")


def print_end(cli: Invocation, run: Run, model: Model | None) -> None:
    """What a run came to, and what to do next."""
    out = stdout()
    if model is not None:
        accuracy = percent(model["test_acc"])
        out.print(f"model {model['id']}: fold {model['verdict']}, test accuracy {accuracy}")
        out.print(f"download it with: {cli.command('model download ' + model['id'])}")
    elif run["status"] == "failed":
        out.print(f"see its log with: {cli.command('run log ' + run['id'])}")


def _follow(cli: Invocation, follower: Follower, again: str) -> None:
    try:
        with board(as_json=cli.as_json) as shown:
            for change in follower.changes():
                shown.show(change, follower)
    except KeyboardInterrupt:
        cli.note(f"stopped watching; it goes on. Watch again with: {again}")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
