"""The tar file of a backup: members written once in a row, and read with suspicion.

Last come `manifest.json`, which names every member with its size and SHA-256, and
`manifest.sha256`, which is the hash of it. So a file that was cut off anywhere has no manifest,
and one in which a byte changed does not fit it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from server.backup.errors import BackupError, DamagedBackupError

FORMAT = 1
MANIFEST = "manifest.json"
SEAL = "manifest.sha256"
COMPRESSED = (".tar.gz", ".tgz")
SUFFIXES = (".tar", *COMPRESSED)
DAMAGED = "is damaged: its SHA-256 is not the recorded one"

_NAME = re.compile(
    r"manifest\.(json|sha256)|tables/[a-z_]+\.jsonl|"
    r"files/[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*"
)
_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive: its bytes and their SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A stored file that the database names and the backup does not have, and why."""

    artifact_id: str
    run_id: str
    location: str
    why: str


@dataclass(slots=True)
class Manifest:
    """What a backup holds; `schema` is the revision of its tables."""

    product: str
    schema: str
    database: str
    created_at: str
    last_event_id: int
    tables: dict[str, int]
    """Rows by table."""
    left_out: list[LeftOut] = field(default_factory=list)
    """Files that were missing or damaged already; their rows are there."""
    dropped: list[LeftOut] = field(default_factory=list)
    """Files that were deleted in order while the backup was made; their rows are left out."""
    members: dict[str, Member] = field(default_factory=dict)
    unusable: list[str] = field(default_factory=list)
    """Members to be passed over: what was written before a stored file turned out damaged."""
    format: int = FORMAT

    @classmethod
    def parse(cls, content: bytes) -> Manifest:
        """The manifest of a file; raises BackupError for one of a later format."""
        try:
            given = json.loads(content)
            if given["format"] != FORMAT:
                raise BackupError(
                    f"the backup has format {given['format']} and was made by realspike "
                    f"{given.get('product')}; this one reads format {FORMAT}, so use that version"
                )
            for name in ("left_out", "dropped"):
                given[name] = [LeftOut(**item) for item in given[name]]
            given["members"] = {name: Member(**item) for name, item in given["members"].items()}
            return cls(**given)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedBackupError("its manifest cannot be read") from error

    @property
    def files(self) -> dict[str, Member]:
        """The stored files in it, by location."""
        return {
            name.removeprefix("files/"): member
            for name, member in self.members.items()
            if name.startswith("files/")
        }


class _Measured:
    """A stream of which exactly `size` bytes are read: hashed, and zeros where it ends early."""

    def __init__(self, source: IO[bytes], size: int) -> None:
        self._source = source
        self._left = size
        self._digest = hashlib.sha256()
        self.problem: str | None = None

    def read(self, size: int) -> bytes:
        """Exactly the next so many bytes."""
        size = min(size, self._left)
        self._left -= size
        chunk = b""
        while len(chunk) < size and self.problem is None:
            chunk += self._some(size - len(chunk))
        self._digest.update(chunk)
        return chunk + bytes(size - len(chunk))

    def _some(self, size: int) -> bytes:
        try:
            some = self._source.read(size)
        except OSError as error:
            self.problem = f"cannot be read ({error})"
            return b""
        if not some:
            self.problem = "is shorter than recorded"
        return some

    @property
    def sha256(self) -> str:
        """Hash of what was read."""
        return self._digest.hexdigest()


class ArchiveWriter:
    """Writes the members of one backup, the manifest last."""

    def __init__(self, sink: BinaryIO) -> None:
        self._tar = tarfile.TarFile(
            fileobj=sink, mode="w", format=tarfile.PAX_FORMAT, copybufsize=_CHUNK
        )
        self.members: dict[str, Member] = {}
        self.unusable: list[str] = []

    def add(self, name: str, source: IO[bytes], size: int) -> None:
        """Add a member of so many bytes."""
        self.members[name] = Member(size, self._copy(name, source, size).sha256)

    def add_stored(self, location: str, source: IO[bytes], recorded: Member) -> str | None:
        """Add a stored file; returns what is wrong with it, if it is not as recorded."""
        name = f"files/{location}"
        measured = self._copy(name, source, recorded.size)
        if measured.problem is None and measured.sha256 == recorded.sha256:
            self.members[name] = recorded
            return None
        self.unusable.append(name)
        return measured.problem or DAMAGED

    def tried(self, location: str) -> Member | None:
        """The stored file if it was added already, an empty one if it turned out damaged."""
        name = f"files/{location}"
        return Member(0, "") if name in self.unusable else self.members.get(name)

    def seal(self, manifest: Manifest) -> None:
        """Add the manifest and end the archive."""
        manifest.members, manifest.unusable = self.members, self.unusable
        content = json.dumps(asdict(manifest), indent=1, ensure_ascii=False).encode()
        self._copy(MANIFEST, BytesIO(content), len(content))
        digest = hashlib.sha256(content).hexdigest().encode()
        self._copy(SEAL, BytesIO(digest), len(digest))
        self._tar.close()

    def _copy(self, name: str, source: IO[bytes], size: int) -> _Measured:
        info = tarfile.TarInfo(name)
        info.size = size
        measured = _Measured(source, size)
        self._tar.addfile(info, cast(IO[bytes], measured))
        _forget_members(self._tar)
        return measured


@contextmanager
def compressed_as_named(path: Path, sink: BinaryIO) -> Iterator[BinaryIO]:
    """What writes into `sink` in the way that the name of a backup asks for."""
    if not path.name.endswith(COMPRESSED):
        yield sink
        return
    with gzip.GzipFile(filename="", fileobj=sink, mode="wb", compresslevel=3, mtime=0) as packed:
        yield cast(BinaryIO, packed)


@contextmanager
def members_of(path: Path) -> Iterator[Iterator[tuple[str, int, IO[bytes]]]]:
    """The members of a backup in their order: name, size, and a stream of the content.

    Raises:
        BackupError: there is no such file.
        DamagedBackupError: it is cut off, damaged, or not made by this service.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            packed = file.read(2) == _GZIP
            file.seek(0)
        except OSError as error:
            raise BackupError(f"cannot read {path}: {error.strerror}") from error
        try:
            plain: Any = stack.enter_context(gzip.open(file)) if packed else file
            tar = stack.enter_context(tarfile.open(fileobj=plain, mode="r:"))
            yield _members(tar)
        except DamagedBackupError as error:
            raise DamagedBackupError(f"{path} is no whole backup: {error}") from error
        except _BROKEN as error:
            raise DamagedBackupError(
                f"{path} is no whole backup: it is cut off or damaged ({error})"
            ) from error


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, int, IO[bytes]]]:
    seen: set[str] = set()
    while (info := tar.next()) is not None:
        _forget_members(tar)
        content = tar.extractfile(info) if info.isreg() and not info.issparse() else None
        if content is None or not _NAME.fullmatch(info.name) or info.name in seen:
            raise DamagedBackupError(f"it has a member {info.name[:200]!r}, which no backup has")
        seen.add(info.name)
        yield info.name, info.size, content
    if tar.fileobj is not None:
        _hash(cast(IO[bytes], tar.fileobj))  # padding; but gzip compares its sum at the very end


def _forget_members(tar: tarfile.TarFile) -> None:
    """Keep a tar of a million members small in memory: it remembers each in a list."""
    vars(tar)["members"].clear()


def read_manifest(path: Path) -> Manifest:
    """Read every byte of a backup and compare it with the manifest, which is returned.

    Raises:
        BackupError: there is no such file, or it was made by a later version.
        DamagedBackupError: it is cut off, or a byte of it changed.
    """
    found: dict[str, Member] = {}
    last: dict[str, bytes] = {}
    with members_of(path) as members:
        for name, size, content in members:
            if name in (MANIFEST, SEAL):
                last[name] = content.read()
            else:
                found[name] = Member(size, _hash(content))
        manifest = _sealed(last)
        _compare(manifest, found)
    return manifest


def _hash(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _sealed(last: dict[str, bytes]) -> Manifest:
    if MANIFEST not in last or SEAL not in last:
        raise DamagedBackupError("its manifest is missing, so it was cut off or is damaged")
    if hashlib.sha256(last[MANIFEST]).hexdigest().encode() != last[SEAL]:
        raise DamagedBackupError("its manifest is damaged")
    return Manifest.parse(last[MANIFEST])


def _compare(manifest: Manifest, found: dict[str, Member]) -> None:
    for name, member in manifest.members.items():
        if name not in found:
            raise DamagedBackupError(f"{name} is missing in it")
        if found[name] != member:
            raise DamagedBackupError(
                f"{name} in it is damaged: its SHA-256 is not the recorded one"
            )
    stray = set(found) - set(manifest.members) - set(manifest.unusable)
    if stray:
        raise DamagedBackupError(f"{min(stray)} in it is not in its manifest")
