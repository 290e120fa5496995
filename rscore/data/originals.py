"""Original files on the disk: checked byte for byte, and read out of archives without unpacking."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from rscore.datasets import DatasetFile, DatasetInfo, remedy
from rscore.errors import DatasetCorruptError, DatasetMissingError


def require(name: str, info: DatasetInfo, folder: Path) -> None:
    """Raise DatasetMissingError with the exact remedy unless `folder` holds the data set."""
    what_to_do = remedy(name, info, folder)
    if what_to_do:
        raise DatasetMissingError(what_to_do)


def checked(file: DatasetFile, folder: Path) -> Path:
    """The path of an original file whose MD5 is right; raises DatasetCorruptError."""
    path = folder / file.name
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != file.md5:
        raise DatasetCorruptError(
            f"{path} is not the original: its MD5 is {found}, not {file.md5}; delete it and "
            f"{way_out(file, folder.name)}"
        )
    return path


def way_out(file: DatasetFile, name: str) -> str:
    """How to get a file again."""
    return f"run `realspike data fetch {name}`" if file.urls else "put the original there"


def tar_members(path: Path, wanted: Collection[str]) -> dict[str, bytes]:
    """The contents of the wanted regular files of a tar archive, by their name without folders.

    Nothing is written, so a member's path cannot lead anywhere.

    Raises:
        DatasetCorruptError: if it is no whole archive, or lacks one of them.
    """
    found: dict[str, bytes] = {}
    with broken_archives_refused(path), tarfile.open(path) as archive:
        for member in archive:
            name = Path(member.name).name
            stream = archive.extractfile(member) if name in wanted and member.isfile() else None
            if stream is not None:
                found[name] = stream.read()
    return complete(found, wanted, path)


def folder_members(path: Path, wanted: Collection[str]) -> dict[str, bytes]:
    """The same files from a folder; raises DatasetCorruptError if it lacks one of them."""
    found = {name: (path / name).read_bytes() for name in wanted if (path / name).is_file()}
    return complete(found, wanted, path)


def complete(found: dict[str, bytes], wanted: Collection[str], path: Path) -> dict[str, bytes]:
    """`found` itself; raises DatasetCorruptError that names what `path` lacks."""
    lacking = sorted(set(wanted) - set(found))
    if lacking:
        raise DatasetCorruptError(
            f"{path} lacks {', '.join(lacking)}; delete it and put the original there"
        )
    return found


def unpack_flat(path: Path, into: Path, wanted: Callable[[str], bool]) -> None:
    """Write the wanted regular files of a tar archive into a new folder, once and whole.

    Only the last part of a member's path is used, so none can be written elsewhere. The folder
    appears when all of its files are there.
    """
    beside = Path(tempfile.mkdtemp(prefix=f".{into.name}.", dir=into.parent))
    try:
        with broken_archives_refused(path), tarfile.open(path) as archive:
            for member in archive:
                name = Path(member.name).name
                stream = archive.extractfile(member) if member.isfile() and wanted(name) else None
                if stream is not None:
                    with (beside / name).open("wb") as out:
                        shutil.copyfileobj(stream, out, 1 << 20)
        if not into.exists():  # else another process was quicker
            beside.rename(into)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def broken_archives_refused(path: Path) -> Iterator[None]:
    """What a broken tar or zip archive raises, as DatasetCorruptError that names it."""
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DatasetCorruptError(
            f"{path} is not a whole archive: {error}; delete it and put the original there"
        ) from error
