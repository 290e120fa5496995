"""Send a data set's original files from a folder of this machine to the service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from client.api import Client
from client.datasets import archives_in, dataset_info, file_problem, folder_of
from client.documents import datasets_of
from client.errors import InputError
from client.wire import Dataset, Json
from rscore.datasets import DatasetInfo, is_complete, missing_files


def push_dataset(client: Client, name: str, folder: Path, tell: Callable[[str], None]) -> Dataset:
    """Send every original file of a data set; checked here first, and by the service again."""
    info = dataset_info(name)
    if info.is_built_in:
        tell(f"{name} comes with the service, there is nothing to send")
        return client.datasets.get(name)
    place = folder_of(name, folder)
    files = archives_in(info, place) or info.files
    problems = [
        f"  {place / file.name} {problem}"
        for file in files
        if (problem := file_problem(place / file.name, file))
    ]
    if problems or not files:
        raise InputError(_remedy(name, info, place, problems))
    for file in files:
        size = (place / file.name).stat().st_size
        tell(f"sending {place / file.name} ({size / 1e6:.1f} MB)")
        client.datasets.put(name, place / file.name)
    return client.datasets.get(name)


def _remedy(name: str, info: DatasetInfo, place: Path, problems: list[str]) -> str:
    if not info.files or (missing_files(info, place) and is_complete(info, place)):
        return (
            f"{name} lies in folders, and only archives can be sent: copy {place} to a folder "
            f"{name} in REALSPIKE_DATA_DIR of the service and its workers"
        )
    way = info.by_hand or f"get them with `realspike data fetch {name} --data-dir {place.parent}`"
    return "\n".join([f"{place} does not hold the original files of {name}:", *problems, way])


def push_missing(
    client: Client, document: Json, data_dir: Path | None, tell: Callable[[str], None]
) -> None:
    """Send the data sets a document names that the service lacks and `data_dir` has."""
    if data_dir is None:
        return
    for name in datasets_of(document):
        if not archives_in(dataset_info(name), folder_of(name, data_dir)):
            continue
        if not client.datasets.get(name)["ready"]:
            tell(f"the service does not have {name}, but {data_dir} does")
            push_dataset(client, name, data_dir, tell)
