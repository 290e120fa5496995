"""What the API says of a data set, and how its files come into this server's folder."""

from __future__ import annotations

import errno
import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from rscore.spec import DATASETS, DatasetFile, DatasetInfo, DatasetName, nearest_name
from server.api.errors import UploadError
from server.api.schemas import DatasetFileRead, DatasetRead
from server.errors import NotFoundError, StorageUnavailableError


class UnknownDatasetError(NotFoundError):
    """A data set that no spec can name; `hint` is the nearest that one can."""

    def __init__(self, name: str) -> None:
        super().__init__("data set", name)
        names = [str(known) for known in DATASETS]
        close = nearest_name(name, names)
        self.hint = f"did you mean {close!r}?" if close else f"there are {', '.join(names)}"


def find_dataset(name: str) -> DatasetInfo:
    """The data set of this name; raises NotFoundError."""
    if name not in DATASETS:
        raise UnknownDatasetError(name)
    return DATASETS[cast(DatasetName, name)]


def find_file(name: str, file: str) -> DatasetFile:
    """The file that a data set names; raises NotFoundError."""
    for known in find_dataset(name).files:
        if known.name == file:
            return known
    raise NotFoundError(f"file of data set {name}", file)


def missing_files(name: str, data_dir: Path) -> list[DatasetFile]:
    """Files that are not in this server's folder, or have another size than they should."""
    folder = data_dir / name
    return [
        file
        for file in find_dataset(name).files
        if not (folder / file.name).is_file() or (folder / file.name).stat().st_size != file.bytes
    ]


def dataset_read(name: str, data_dir: Path, by_worker: Mapping[str, str]) -> DatasetRead:
    """A data set, who has it, and what to do when nobody does."""
    info = find_dataset(name)
    missing = missing_files(name, data_dir)
    ready = not missing or "ready" in by_worker.values()
    return DatasetRead(
        name=name,
        title=info.title,
        input_shape=(info.channels, info.size, info.size),
        classes=list(info.classes),
        train=info.train,
        test=info.test,
        files=[
            DatasetFileRead(name=file.name, bytes=file.bytes, md5=file.md5, urls=list(file.urls))
            for file in info.files
        ],
        ready=ready,
        workers=dict(by_worker),
        remedy=None if ready else _remedy(name, data_dir, missing),
    )


def store_file(name: str, file: DatasetFile, content: bytes, data_dir: Path) -> None:
    """Put a file into the server's folder, whole or not at all; raises UploadError."""
    if len(content) != file.bytes:
        raise UploadError(f"{file.name} has {file.bytes} bytes, but {len(content)} arrived")
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if digest != file.md5:
        raise UploadError(f"{file.name} has the MD5 {file.md5}, but {digest} arrived")
    folder = data_dir / name
    beside = folder / f".{file.name}.{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_bytes(content)
            beside.replace(folder / file.name)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        way_out = (
            "the disk is full; free some space"
            if error.errno == errno.ENOSPC
            else f"{error.strerror}; let this process write there, or set REALSPIKE_DATA_DIR"
        )
        raise StorageUnavailableError(f"cannot store {file.name} in {folder}: {way_out}") from error


def _remedy(name: str, data_dir: Path, missing: list[DatasetFile]) -> str:
    names = ", ".join(file.name for file in missing)
    return f"run `realspike data fetch {name}`, or put {names} into {data_dir / name} yourself"
