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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from server.errors import NotFoundError, StorageError, StorageUnavailableError

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_FOUND = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]*/)*\.?[A-Za-z0-9_-][A-Za-z0-9._-]*")
"""Keys, and the names under which files are written before they are whole."""
_CHUNK = 1 << 20
CHECK = "check"
"""Key of the file that a check writes: always the same, so that a cut check leaves one at most."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was stored: where, how long, and what it hashes to."""

    location: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that lies in the store, whole or not, and when it was last written there."""

    location: str
    modified: datetime


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

    def put(self, local: Path, key: str, *, allow: Callable[[], None] | None = None) -> StoredFile:
        """Copy a local file to `key`, whole or not at all, replacing what was there.

        `allow` is called as late as can be; what it raises keeps the file out.
        """
        path = self._path(key)
        with self._explained(f"store {key}"):
            store = self._put_local if self._local else self._put_remote
            size, digest = store(local, path, allow or _always)
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

    def folders(self) -> list[str]:
        """Names of the folders at the top of the store."""
        with self._explained("list files"):
            self._files.invalidate_cache()
            try:
                found = self._files.ls(self._root, detail=True)
            except FileNotFoundError:
                return []
        return sorted(Path(item["name"]).name for item in found if item["type"] == "directory")

    def find(self, folder: str) -> list[FoundFile]:
        """Every file below a folder, those that were never finished too; none where it is not."""
        path = self._path(folder)
        with self._explained(f"list {folder}"):
            self._files.invalidate_cache()
            found = self._files.find(path, detail=True)
        start = len(self._root) + 1
        return [FoundFile(name[start:], _modified(about)) for name, about in sorted(found.items())]

    def delete(self, location: str) -> None:
        """Remove the file; one that is gone already is fine."""
        path = self._path(location, _FOUND)
        with self._explained(f"delete {location}"):
            try:
                self._files.rm_file(path)
            except FileNotFoundError:
                return

    def check(self) -> None:
        """Raise StorageUnavailableError, with what to do, when files cannot be written here."""
        path = self._path(CHECK)
        with self._explained("write"):
            if self._local:
                self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(path, b"ok")
            with suppress(FileNotFoundError):  # another check was quicker
                self._files.rm_file(path)

    def _path(self, key: str, keys: re.Pattern[str] = _KEY) -> str:
        if not keys.fullmatch(key):
            raise StorageError(f"{key!r} is not a key of the file store")
        return f"{self._root}/{key}"

    def _put_local(self, local: Path, path: str, allow: Callable[[], None]) -> tuple[int, str]:
        target = Path(path)
        _make_folder(target.parent)
        beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        try:
            with local.open("rb") as source, beside.open("xb") as sink:
                measured = _copy(source, sink)
                sink.flush()
                os.fsync(sink.fileno())
            allow()
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        _sync_folder(target.parent)
        return measured

    def _put_remote(self, local: Path, path: str, allow: Callable[[], None]) -> tuple[int, str]:
        # Object stores show an upload only when it is complete.
        with local.open("rb") as source:
            measured = _copy(source, None)
        allow()
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


def _always() -> None:
    """Nothing forbids it."""


def _modified(about: Mapping[str, Any]) -> datetime:
    # S3 says LastModified, a folder mtime in seconds, fsspec's own store in memory created.
    found = about.get("LastModified") or about.get("mtime") or about["created"]
    moment = found if isinstance(found, datetime) else datetime.fromtimestamp(found, UTC)
    return moment.astimezone(UTC)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it so that they are still there after a power cut."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


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
