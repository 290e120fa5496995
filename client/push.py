"""Send a data set's original files from a folder of this machine to the service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from client.api import Client
from client.datasets import complete_folder, dataset_info, file_problem
from client.documents import datasets_of
from client.errors import InputError
from client.wire import Dataset, Json


def push_dataset(client: Client, name: str, folder: Path, tell: Callable[[str], None]) -> Dataset:
    """Send every original file of a data set; checked here first, and by the service again."""
    info = dataset_info(name)
    if not info.files:
        tell(f"{name} comes with the service, there is nothing to send")
        return client.datasets.get(name)
    place = folder / name if (folder / name).is_dir() else folder
    problems = [
        f"  {place / file.name} {problem}"
        for file in info.files
        if (problem := file_problem(place / file.name, file))
    ]
    if problems:
        raise InputError(
            "\n".join(
                [
                    f"{place} does not hold the original files of {name}:",
                    *problems,
                    f"get them with `realspike data fetch {name} --data-dir {folder}`",
                ]
            )
        )
    for file in info.files:
        tell(f"sending {place / file.name} ({file.bytes / 1e6:.1f} MB)")
        client.datasets.put(name, file.name, (place / file.name).read_bytes())
    return client.datasets.get(name)


def push_missing(
    client: Client, document: Json, data_dir: Path | None, tell: Callable[[str], None]
) -> None:
    """Send the data sets a document names that the service lacks and `data_dir` has."""
    if data_dir is None:
        return
    for name in datasets_of(document):
        if complete_folder(name, data_dir) is None or not dataset_info(name).files:
            continue
        if not client.datasets.get(name)["ready"]:
            tell(f"the service does not have {name}, but {data_dir} does")
            push_dataset(client, name, data_dir, tell)
