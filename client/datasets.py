"""Data sets over HTTP, and their original files in a folder of this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from client.errors import UnknownDatasetError
from client.transport import Transport
from client.wire import Dataset, DatasetList
from rscore.datasets import DATASETS, DatasetFile, DatasetInfo, missing_files
from rscore.spec import nearest_name

CHUNK = 1 << 20


class Datasets:
    """Read which data sets the service has, and send it their files."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def all(self) -> list[Dataset]:
        """Every data set that a spec may name."""
        return cast(DatasetList, self._http.json("GET", "/datasets"))["items"]

    def get(self, name: str) -> Dataset:
        """One data set, and who has it."""
        return cast(Dataset, self._http.json("GET", f"/datasets/{name}"))

    def put(self, name: str, file: Path) -> Dataset:
        """Send one original file as it lies on the disk; the service checks its size and MD5."""
        path = f"/datasets/{name}/files/{file.name}"
        with file.open("rb") as content:
            return cast(Dataset, self._http.json("PUT", path, content=content))


def dataset_info(name: str) -> DatasetInfo:
    """The facts of a data set; a name that is none is answered with the nearest."""
    known: Mapping[str, DatasetInfo] = {str(key): info for key, info in DATASETS.items()}
    if name not in known:
        close = nearest_name(name, list(known))
        hint = f"did you mean {close!r}?" if close else f"data sets: {', '.join(known)}"
        raise UnknownDatasetError(f"there is no data set {name!r}; {hint}")
    return known[name]


def md5_of(path: Path) -> str:
    """MD5 of a file, as the authors of a data set publish it."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def file_problem(path: Path, file: DatasetFile) -> str | None:
    """What is wrong with a copy of an original file, or None."""
    if not path.is_file():
        return "is missing"
    if not file.size_fits(path):
        return f"has {path.stat().st_size} bytes instead of {file.bytes}"
    digest = md5_of(path)
    return None if digest == file.md5 else f"has MD5 {digest} instead of {file.md5}"


def folder_of(name: str, folder: Path) -> Path:
    """Where a data set's files lie: in the sub-folder of its name, if there is one."""
    return folder / name if (folder / name).is_dir() else folder


def archives_in(info: DatasetInfo, place: Path) -> tuple[DatasetFile, ...]:
    """The archives in a folder that together are the whole data set; empty when none are."""
    if info.files and not missing_files(info, place):
        return info.files
    return next(((file,) for file in info.instead if file.size_fits(place / file.name)), ())
