"""Checked downloads of a data set's original files, from the first mirror that has them.

A download that is cut off leaves <file>.part, and the next one goes on from there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rich.progress import Progress

from rscore.datasets import DatasetFile, DatasetInfo
from rscore.errors import DatasetMissingError

if TYPE_CHECKING:
    from requests import Response

_CHUNK = 1 << 14
_TIMEOUT_SECONDS = 30
_RANGE_NOT_SATISFIABLE = 416
_PARTIAL_CONTENT = 206


def fetch_files(
    name: str, info: DatasetInfo, folder: Path, *, progress: bool = False
) -> list[Path]:
    """Paths of a data set's files in `folder`; one that is there and whole is not fetched again.

    Raises:
        DatasetMissingError: if no mirror gives a file's original bytes; it says what each gave.
        OSError: if the folder cannot be written to.
    """
    with Progress(disable=not progress) as bars:
        return [_fetch_file(name, file, folder, bars) for file in info.files]


def _fetch_file(name: str, file: DatasetFile, folder: Path, bars: Progress) -> Path:
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")
    failures: list[str] = []
    task = bars.add_task(f"{name}/{file.name}", total=file.bytes)
    part = folder / f"{file.name}.part"
    download = ResumingDownloader(part, lambda done: bars.update(task, completed=done))
    # What an earlier try left may be damaged: then the first mirror is asked again for all of it.
    for url in (*file.urls, *file.urls[: part.exists()]):
        try:
            found = pooch.retrieve(
                url,
                known_hash=f"md5:{file.md5}",
                fname=file.name,
                path=folder,
                downloader=download,
            )
        except requests.RequestException as error:
            failures.append(f"{url}: {_short(error)}")
        except ValueError:  # pooch's word for a checksum that differs
            failures.append(f"{url}: answers with other bytes than the original's")
        else:
            size = Path(found).stat().st_size
            bars.update(task, total=size, completed=size)
            return Path(found)
    raise DatasetMissingError(
        f"no mirror of data set {name} gives {file.name} ({'; '.join(failures)}); check the "
        f"network and try again, which goes on where it was cut off, or put the original file at "
        f"{folder / file.name}"
    )


def _short(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__


class OnBytes(Protocol):
    """Told how many bytes of a file are there."""

    def __call__(self, done: int) -> None:
        """So many are."""


class ResumingDownloader:
    """What pooch calls to download: bytes gather in `part`, and stay there when it is cut off.

    A connection that breaks after it brought something is taken up again at once.
    """

    def __init__(self, part: Path, on_bytes: OnBytes) -> None:
        self._part = part
        self._on_bytes = on_bytes

    def __call__(self, url: str, output_file: str, pooch: object) -> None:  # noqa: ARG002
        """Have the whole file at `output_file`; raises requests.RequestException."""
        import requests

        while True:
            before = self._done()
            try:
                self._go_on(url, before)
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                if self._done() <= before:
                    raise
            else:
                break
        self._part.replace(output_file)

    def _done(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _go_on(self, url: str, done: int) -> None:
        """Ask for what is missing; a mirror that cannot give a part gives all again."""
        response = _get(url, done)
        if response.status_code == _RANGE_NOT_SATISFIABLE:
            response.close()
            if response.headers.get("Content-Range") == f"bytes */{done}":
                return  # all of it was there
            self._part.unlink()
            done, response = 0, _get(url, 0)
        with response:
            response.raise_for_status()
            if response.status_code != _PARTIAL_CONTENT:
                done = 0
            with self._part.open("ab" if done else "wb") as out:
                for chunk in response.iter_content(_CHUNK):
                    out.write(chunk)
                    done += len(chunk)
                    self._on_bytes(done)


def _get(url: str, start: int) -> Response:
    import requests

    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    return requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS)
