"""What people write on runs and studies: the commands `run edit` and `study edit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from client.cli.context import JsonFlag, RunId, StudyId, UrlOption, invocation
from client.errors import InputError

Name = Annotated[str | None, typer.Option("--name", help="What lists call it.")]
Experiment = Annotated[
    str | None, typer.Option("--experiment", metavar="NAME", help="Where it stands.")
]
Notes = Annotated[
    str | None, typer.Option("--notes", metavar="TEXT", help="Notes in Markdown; '' for none.")
]
NotesFile = Annotated[
    Path | None, typer.Option("--notes-file", metavar="FILE", help="Notes from a file.")
]
Archive = Annotated[
    bool | None,
    typer.Option("--archive/--unarchive", help="Leave it out of lists, or show it again."),
]


def edit_run(
    ctx: typer.Context,
    run_id: RunId,
    name: Name = None,
    experiment: Experiment = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", help="Add this tag; may be repeated.")
    ] = None,
    untags: Annotated[
        list[str] | None, typer.Option("--untag", help="Take this tag away; may be repeated.")
    ] = None,
    notes: Notes = None,
    notes_file: NotesFile = None,
    archive: Archive = None,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Change a run's name, experiment, tags or notes, or archive it; training is untouched."""
    given = {
        "name": name,
        "experiment": experiment,
        "add_tags": tags or None,
        "remove_tags": untags or None,
        "notes": _notes(notes, notes_file),
        "archived": archive,
    }
    body = _body(given, "--name", "--experiment", "--tag", "--untag", "--notes", "--notes-file")
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        run = client.runs.change(client.runs.find(run_id)["id"], body)
    state = "archived" if run["archived_at"] else "changed"
    cli.show(run, lambda out: out.print(f"run {run['id']} ({run['name']}) is {state}"))


def edit_study(
    ctx: typer.Context,
    study_id: StudyId,
    name: Name = None,
    experiment: Experiment = None,
    notes: Notes = None,
    notes_file: NotesFile = None,
    archive: Archive = None,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Change a study's name, experiment or notes, or archive it with its runs."""
    given = {
        "name": name,
        "experiment": experiment,
        "notes": _notes(notes, notes_file),
        "archived": archive,
    }
    body = _body(given, "--name", "--experiment", "--notes", "--notes-file")
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        study = client.studies.edit(client.studies.find(study_id, alone=True)["id"], body)
    state = "archived" if study["archived_at"] else "changed"
    cli.show(study, lambda out: out.print(f"study {study['id']} ({study['name']}) is {state}"))


def _body(given: dict[str, Any], *options: str) -> dict[str, Any]:
    body = {field: value for field, value in given.items() if value is not None}
    if not body:
        named = ", ".join(options)
        raise InputError(f"nothing to change: give {named}, --archive or --unarchive")
    return body


def _notes(text: str | None, file: Path | None) -> str | None:
    if text is not None and file is not None:
        raise InputError("give --notes or --notes-file, not both")
    if file is None:
        return text
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text") from error
