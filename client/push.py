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
from rscore.hints import command


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
    if _lies_in_folders(info, place):
        return _copy_it(name, place)
    fetch = command(f"data fetch {name} --data-dir {place.parent}")
    way = info.by_hand or f"get them with `{fetch}`"
    return "\n".join([f"{place} does not hold the original files of {name}:", *problems, way])


def _lies_in_folders(info: DatasetInfo, place: Path) -> bool:
    return not info.files or bool(missing_files(info, place) and is_complete(info, place))


def _copy_it(name: str, place: Path) -> str:
    return (
        f"{name} lies in folders, and only archives can be sent: copy {place} to a folder "
        f"{name} in REALSPIKE_DATA_DIR of the service and its workers"
    )


def provide_datasets(
    client: Client,
    document: Json,
    data_dir: Path | None,
    tell: Callable[[str], None],
    *,
    anyway: bool = False,
) -> None:
    """See that the service has the data sets of a document; `data_dir`'s archives are sent.

    Raises:
        InputError: one is not to be had, so that runs would fail; with `anyway` it is only told.
    """
    lacking = []
    for name in datasets_of(document):
        dataset = client.datasets.get(name)
        place = folder_of(name, data_dir) if data_dir else None
        if not dataset["ready"] and place and archives_in(dataset_info(name), place):
            tell(f"the service does not have {name}, but {data_dir} does")
            dataset = push_dataset(client, name, place, tell)
        if not dataset["ready"]:
            lacking.append(_lacking(dataset, place))
    if lacking and anyway:
        tell("\n".join([*lacking, "queued all the same: bring the data before a worker is free"]))
    elif lacking:
        raise InputError("\n".join([*lacking, "or queue now and bring the data later: --anyway"]))


def _lacking(dataset: Dataset, place: Path | None) -> str:
    """That the service does not have a data set, and how it gets it."""
    name = dataset["name"]
    info = dataset_info(name)
    if place and is_complete(info, place) and _lies_in_folders(info, place):
        way = _copy_it(name, place)
    else:
        sent = ", or name a folder of this machine that has it with --data-dir"
        way = f"{dataset['remedy']}{sent if info.files else ''}"
    return f"the service does not have {name}, so training would fail: {way}"
