"""Commands that keep data safe: `realspike backup`, `restore` and `purge`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from client.cli.context import Invocation, JsonFlag, UrlOption, invocation
from client.cli.render import age, count, print_table
from client.errors import InputError
from client.programs import Outcome, run_program

BACKUP = "server.backup"
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = 36500 * 86400

Home = Annotated[
    Path,
    typer.Option(
        "--home",
        metavar="DIR",
        envvar="REALSPIKE_HOME",
        show_envvar=False,
        help="Folder of everything that is stored; REALSPIKE_HOME.",
    ),
]


def backup(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A new file: .tar, .tar.gz or .tgz.")
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Read a backup that is there and check every byte.")
    ] = False,
    home: Home = Path(".realspike"),
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Write the database and all stored files into one file while the service goes on."""
    cli = invocation(ctx, url=url, as_json=as_json)
    action = "check" if check else "write"
    done = run_program(BACKUP, [action, str(file.absolute())], home=home, say=cli.note)
    _show(cli, done, "is whole" if check else "is written")


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    home: Home = Path(".realspike"),
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Bring a backup back into an empty database and an empty file store."""
    cli = invocation(ctx, url=url, as_json=as_json)
    done = run_program(BACKUP, ["restore", str(file.absolute())], home=home, say=cli.note)
    _show(cli, done, "is restored")


def _show(cli: Invocation, done: Outcome, what: str) -> None:
    if done.document is not None:
        cli.show(done.document, lambda out: _print_backup(out, done.document, what))
    if done.code:
        raise typer.Exit(done.code)


def _print_backup(out: Console, found: dict[str, Any], what: str) -> None:
    rows = sum(found["tables"].values())
    out.print(
        f"{found['file']} {what}: {found['tables'].get('run', 0)} runs, {count(rows)} rows, "
        f"{found['files']} files of {_size(found['bytes'])}, of {found['created_at']}"
    )
    for item in found["dropped"]:
        out.print(f"left out, because it was deleted meanwhile: {item['location']}")
    for item in found["left_out"]:
        out.print(f"NOT in it: file {item['location']} of run {item['run_id']} {item['why']}")


def purge(
    ctx: typer.Context,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than",
            metavar="AGE",
            help="Deleted for so long: 30d, 12h, 0d; else REALSPIKE_RETENTION_DAYS.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be purged; purge nothing.")
    ] = False,
    home: Home = Path(".realspike"),
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Delete for good what was deleted a while ago: rows and files."""
    cli = invocation(ctx, url=url, as_json=as_json)
    options = ["--dry-run"] if dry_run else []
    if older_than is not None:
        options += ["--older-than-seconds", str(_seconds(older_than))]
    done = run_program("server.purge", options, home=home, say=cli.note)
    if done.document is not None:
        cli.show(done.document, lambda out: _print_purge(out, done.document))
    if done.code:
        raise typer.Exit(done.code)


def _print_purge(out: Console, found: dict[str, Any]) -> None:
    things = [
        *(("run", item, item["artifacts"], _size(item["bytes"])) for item in found["runs"]),
        *(("study", item, None, None) for item in found["studies"]),
    ]
    if things:
        columns = ("ID", "WHAT", "NAME", "DELETED", "FILES", "SIZE")
        rows = (
            (item["id"], kind, item["name"], age(item["deleted_at"]), files, size)
            for kind, item, files, size in things
        )
        print_table(out, columns, rows)
    ending = "would be purged" if found["dry_run"] else "are purged"
    out.print(
        f"{len(found['runs'])} runs, {len(found['studies'])} studies, {found['artifacts']} files "
        f"of {_size(found['bytes'])} {ending}"
    )


def _seconds(text: str) -> int:
    found = re.fullmatch(r"(\d{1,10})([smhd])", text)
    if found is None or (seconds := int(found[1]) * SECONDS[found[2]]) > LONGEST:
        raise InputError(
            f"--older-than {text!r} is no age; say a number with s, m, h or d, for example 30d"
        )
    return seconds


def _size(size: int) -> str:
    amount, units = float(size), ("bytes", "kB", "MB", "GB", "TB")
    for unit in units[:-1]:
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} {units[-1]}"
