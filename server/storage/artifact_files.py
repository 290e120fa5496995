"""Files of artifacts, in a folder or on any store that fsspec knows.

A file is written beside its place and moved there whole, so a reader never sees half of one.
Keys are made by this service, never by people.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from server.errors import NotFoundError, StorageError, StorageUnavailableError
from server.storage.ids import new_id

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was stored: where, how long, and what it hashes to."""

    location: str
    size: int
    sha256: str


class ArtifactFiles:
    """The file store at a folder or URL; a location is a key below it."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            filesystem, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            extra = " (pip install 'realspike[s3]')" if url.startswith("s3") else ""
            raise StorageError(
                f"REALSPIKE_ARTIFACTS_URL {url!r} cannot be used: {error}{extra}"
            ) from error
        self._files = filesystem
        self._root = str(root).rstrip("/")
        self._local = isinstance(filesystem, LocalFileSystem)
        self._errors = _errors_of(url)

    def put(self, local: Path, key: str) -> StoredFile:
        """Copy a local file to `key`, whole or not at all, replacing what was there."""
        path = self._path(key)
        with self._explained(f"store {key}"):
            store = self._put_local if self._local else self._put_remote
            size, digest = store(local, path)
        return StoredFile(key, size, digest)

    def open(self, location: str) -> BinaryIO:
        """The file, open for reading and seekable; raises NotFoundError when it is gone."""
        path = self._path(location)
        with self._explained(f"read {location}"):
            try:
                return cast(BinaryIO, self._files.open(path, "rb"))
            except FileNotFoundError as error:
                raise NotFoundError("stored file", location) from error

    def size(self, location: str) -> int:
        """Bytes of the file; raises NotFoundError when it is gone."""
        path = self._path(location)
        with self._explained(f"read {location}"):
            try:
                return int(self._files.size(path))
            except FileNotFoundError as error:
                raise NotFoundError("stored file", location) from error

    def exists(self, location: str) -> bool:
        """True when the file is there."""
        with self._explained(f"read {location}"):
            return bool(self._files.exists(self._path(location)))

    def delete(self, location: str) -> None:
        """Remove the file; one that is gone already is fine."""
        path = self._path(location)
        with self._explained(f"delete {location}"):
            try:
                self._files.rm_file(path)
            except FileNotFoundError:
                return

    def check(self) -> None:
        """Raise StorageUnavailableError, with what to do, when files cannot be written here."""
        path = self._path(new_id("check"))
        with self._explained("write"):
            if self._local:
                self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(path, b"ok")
            self._files.rm_file(path)

    def _path(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise StorageError(f"{key!r} is not a key of the file store")
        return f"{self._root}/{key}"

    def _put_local(self, local: Path, path: str) -> tuple[int, str]:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        try:
            with local.open("rb") as source, beside.open("xb") as sink:
                measured = _copy(source, sink)
                sink.flush()
                os.fsync(sink.fileno())
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        _sync_folder(target.parent)
        return measured

    def _put_remote(self, local: Path, path: str) -> tuple[int, str]:
        # Object stores show an upload only when it is complete.
        with local.open("rb") as source:
            measured = _copy(source, None)
        self._files.put_file(str(local), path)
        return measured

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise StorageUnavailableError(
                f"cannot {doing} in {self.url}: {_way_out(error)}"
            ) from error


def _copy(source: BinaryIO, sink: BinaryIO | None) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if sink is not None:
            sink.write(chunk)
    return size, digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _errors_of(url: str) -> tuple[type[Exception], ...]:
    if not url.startswith("s3"):
        return (OSError,)
    # A missing key or endpoint of S3 is not an OSError; botocore comes with s3fs.
    from botocore.exceptions import BotoCoreError

    return (OSError, BotoCoreError)


def _way_out(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space, or point REALSPIKE_ARTIFACTS_URL elsewhere"
    if number in (errno.EACCES, errno.EPERM, errno.EROFS) or isinstance(error, PermissionError):
        return (
            f"not permitted ({error}); let this process write there, "
            "or point REALSPIKE_ARTIFACTS_URL elsewhere"
        )
    return f"{error}; check that REALSPIKE_ARTIFACTS_URL is right and can be reached"
