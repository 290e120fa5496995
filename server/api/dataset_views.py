"""What the API says of a data set, and how its files come into this server's folder."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from rscore.datasets import DATASETS, DatasetFile, DatasetInfo, DatasetName, remedy
from rscore.spec import nearest_name
from server.api.errors import UploadError
from server.api.schemas import DatasetFileRead, DatasetRead
from server.errors import NotFoundError, StorageUnavailableError

LARGEST_FILE = 4 * 2**30
"""Bytes taken of a file whose size is not published."""


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
    info = find_dataset(name)
    for known in (*info.files, *info.instead):
        if known.name == file:
            return known
    raise NotFoundError(f"file of data set {name}", file)


def dataset_read(name: str, data_dir: Path, by_worker: Mapping[str, str]) -> DatasetRead:
    """A data set, who has it, and what to do when nobody does."""
    info = find_dataset(name)
    what_to_do = remedy(name, info, data_dir / name)
    ready = what_to_do is None or "ready" in by_worker.values()
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
        remedy=None if ready else what_to_do,
    )


class Upload:
    """A file on its way into the server's folder: beside its place until it is whole and right."""

    def __init__(self, name: str, file: DatasetFile, data_dir: Path) -> None:
        self._file = file
        self._folder = data_dir / name
        self._beside = self._folder / f".{file.name}.{secrets.token_hex(8)}"
        self._digest = hashlib.md5(usedforsecurity=False)
        self._received = 0

    def write(self, chunk: bytes) -> None:
        """Take the next bytes; raises UploadError when there are more than the file has."""
        self._received += len(chunk)
        if self._received > (self._file.bytes or LARGEST_FILE):
            raise UploadError(
                f"{self._file.name} has {self._file.bytes or LARGEST_FILE} bytes, but more arrived"
            )
        self._digest.update(chunk)
        with self._explained():
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._beside.open("ab") as out:
                out.write(chunk)

    def finish(self) -> None:
        """Put the file at its place; raises UploadError when it is not the published one."""
        name, size, digest = self._file.name, self._file.bytes, self._digest.hexdigest()
        if size not in (None, self._received):
            raise UploadError(f"{name} has {size} bytes, but {self._received} arrived")
        if digest != self._file.md5:
            raise UploadError(f"{name} has the MD5 {self._file.md5}, but {digest} arrived")
        with self._explained():
            self._beside.replace(self._folder / name)

    def discard(self) -> None:
        """Leave nothing of a file that did not come through; nothing to do for one that did."""
        with contextlib.suppress(OSError):
            self._beside.unlink(missing_ok=True)
            self._folder.rmdir()  # goes through only where it is empty

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            way_out = (
                "the disk is full; free some space"
                if error.errno == errno.ENOSPC
                else f"{error.strerror}; let this process write there, or set REALSPIKE_DATA_DIR"
            )
            raise StorageUnavailableError(
                f"cannot store {self._file.name} in {self._folder}: {way_out}"
            ) from error
