"""Downloads of stored files: continued where they were cut off, kept only when they are right."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import httpx

from client.errors import DownloadError, ServerFailedError, ServerUnreachableError
from client.transport import Transport

SILENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A stored file: where it is, what it is called, what it hashes to."""

    path: str
    name: str
    sha256: str


def download(http: Transport, wanted: Wanted, folder: Path) -> Path:
    """Store a file in a folder; it appears there under its name only when whole and right.

    A download that was cut off goes on where it was, also in another process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    last = Path(wanted.name).name
    target = folder / ("file" if last in ("", "..") else last)
    part = target.with_name(target.name + ".part")
    began_before = part.exists()
    _finish(http, wanted, part)
    if began_before and sha256_of(part) != wanted.sha256:
        part.unlink()
        _finish(http, wanted, part)
    digest = sha256_of(part)
    if digest != wanted.sha256:
        part.unlink()
        raise DownloadError(
            f"{wanted.name} came with SHA-256 {digest}, but the service has {wanted.sha256}; "
            "nothing was kept, download it again"
        )
    part.replace(target)
    return target


def _finish(http: Transport, wanted: Wanted, part: Path) -> None:
    patience = http.patience()
    while True:
        before = _size(part)
        try:
            return _go_on(http, wanted, part)
        except (ServerUnreachableError, ServerFailedError):
            if _size(part) > before:
                patience.start_again()
            if not patience.pause():
                raise


def _go_on(http: Transport, wanted: Wanted, part: Path) -> None:
    """Append what is missing of a partial file, or start again where it is of another one."""
    done = _size(part)
    etag = f'"{wanted.sha256}"'
    headers = {"Range": f"bytes={done}-", "If-Range": etag} if done else {}
    with http.stream(
        wanted.path,
        headers={**headers, "Accept-Encoding": "identity"},
        silence=SILENCE_SECONDS,
        allowed=(httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE,) if done else (),
    ) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is missing; the hash says whether it is right
        goes_on = response.status_code == httpx.codes.PARTIAL_CONTENT
        with part.open("ab" if goes_on else "wb") as out:
            for chunk in response.iter_raw():
                out.write(chunk)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
