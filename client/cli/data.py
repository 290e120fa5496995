"""Commands of `realspike data`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from client.cli.context import DataDir, JsonFlag, UrlOption, invocation
from client.cli.render import print_table
from client.datasets import dataset_info
from client.fetch import OnBytes, fetch_dataset
from client.push import push_dataset
from client.wire import Dataset

app = typer.Typer(no_args_is_help=True, help="Data sets: which are there, get and send files.")

DEFAULT_DIR = Path(".realspike/data")
DatasetArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of a data set.")]


@app.command("list")
def list_datasets(ctx: typer.Context, as_json: JsonFlag = False, url: UrlOption = None) -> None:
    """List data sets, and whether the service and its workers have them."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        datasets = client.datasets.all()
    cli.show({"items": datasets}, lambda out: _print_datasets(out, datasets))


@app.command()
def fetch(
    ctx: typer.Context,
    name: DatasetArgument,
    data_dir: DataDir = None,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Download a data set's original files to this machine; needs no service."""
    cli = invocation(ctx, url=url, as_json=as_json)
    if dataset_info(name).is_built_in:
        cli.show(
            {"dataset": name, "files": []},
            lambda out: out.print(f"{name} comes with scikit-learn, there is nothing to fetch"),
        )
        return
    folder = (data_dir or DEFAULT_DIR) / name
    with _Bar() as bar:
        paths = fetch_dataset(name, folder, on_bytes=bar.moved)
    cli.show(
        {"dataset": name, "files": [str(path) for path in paths]},
        lambda out: out.print(
            f"{name} is complete in {folder.absolute()}"
            + (", every MD5 is right" if paths else "; nothing was fetched")
        ),
    )


@app.command()
def push(
    ctx: typer.Context,
    name: DatasetArgument,
    folder: Annotated[
        Path,
        typer.Option("--from", metavar="DIR", help="Folder with the files, or with a folder NAME."),
    ],
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Send a data set's original files to the service."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        dataset = push_dataset(client, name, folder, cli.note)
    state = "ready" if dataset["ready"] else f"not ready: {dataset['remedy']}"
    cli.show(dataset, lambda out: out.print(f"{name} is {state}"))


class _Bar:
    """A bar on stderr while files come; silent where that is no terminal."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._tasks: dict[str, TaskID] = {}

    @property
    def moved(self) -> OnBytes:
        """Takes each file's bytes so far."""
        return self._move

    def _move(self, name: str, done: int, total: int | None) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total)
        self._progress.update(self._tasks[name], completed=done)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()


def _print_datasets(out: Console, datasets: list[Dataset]) -> None:
    print_table(
        out,
        ("NAME", "TITLE", "SAMPLE", "TRAIN", "TEST", "STATE"),
        (
            (
                dataset["name"],
                dataset["title"],
                "x".join(str(side) for side in dataset["input_shape"]),
                dataset["train"],
                dataset["test"],
                "ready" if dataset["ready"] else "missing",
            )
            for dataset in datasets
        ),
    )
    for dataset in datasets:
        if not dataset["ready"] and dataset["remedy"]:
            out.print(f"{dataset['name']}: {dataset['remedy']}")
