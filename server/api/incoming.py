"""A file on its way in: in a temporary file until it is whole, and gone from there in any case."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fastapi import HTTPException

from server.api.errors import UploadError
from server.errors import StorageUnavailableError

PREFIX = "realspike-upload-"


class Incoming:
    """Takes a body's bytes and measures them; use it as a context manager.

    The file is locked while it is open, so that those of killed servers can be told and swept up.
    """

    def __init__(self, name: str, *, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._digest = hashlib.sha256()
        self.size = 0
        with _explained(name):
            sweep(Path(tempfile.gettempdir()))
            self._file = tempfile.NamedTemporaryFile(prefix=PREFIX)  # noqa: SIM115
            fcntl.flock(self._file, fcntl.LOCK_EX)

    @property
    def path(self) -> Path:
        """Where the bytes are."""
        return Path(self._file.name)

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes so far."""
        return self._digest.hexdigest()

    def write(self, piece: bytes) -> None:
        """Take the next bytes; refused with 413 beyond the limit."""
        self.size += len(piece)
        self.check_size(self.size)
        self._digest.update(piece)
        with _explained(self._name):
            self._file.write(piece)

    def check_size(self, size: int) -> None:
        """Refuse, with 413, a file of more bytes than the limit."""
        if size > self._limit:
            raise HTTPException(
                413,
                f"{self._name} is larger than the {self._limit // 1024**2} MiB that this service "
                "takes; REALSPIKE_LARGEST_FILE_MB of the server says how much",
            )

    def finish(self, promised: str | None) -> None:
        """Have every byte in the file; raises UploadError when they are not the promised ones."""
        if promised is not None and promised.lower() != self.sha256:
            raise UploadError(
                f"{self._name} was sent with X-Content-SHA256 {promised}, "
                f"but {self.size} bytes with {self.sha256} arrived; send it again"
            )
        with _explained(self._name):
            self._file.flush()

    def discard(self) -> None:
        """Remove the temporary file."""
        with suppress(OSError):
            self._file.close()


def sweep(place: Path) -> None:
    """Remove the temporary files in `place` that no living server holds."""
    for path in place.glob(f"{PREFIX}*"):
        with suppress(OSError), path.open("rb") as left:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = tempfile.gettempdir()
        way_out = (
            "the disk is full; free some space, or set TMPDIR to another folder"
            if error.errno in (errno.ENOSPC, errno.EDQUOT)
            else f"{error.strerror or error}; let this process write there, or set TMPDIR"
        )
        raise StorageUnavailableError(f"cannot take {name} into {place}: {way_out}") from error
