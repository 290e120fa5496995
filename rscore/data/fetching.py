"""Checked downloads of a data set's original files, from the first mirror that has them."""

from __future__ import annotations

from pathlib import Path

from rich.progress import Progress

from rscore.errors import DatasetMissingError
from rscore.spec import DatasetFile, DatasetInfo


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
    for url in file.urls:
        bar = _Bar(bars, f"{name}/{file.name}", file.bytes)
        try:
            found = pooch.retrieve(
                url,
                known_hash=f"md5:{file.md5}",
                fname=file.name,
                path=folder,
                downloader=pooch.HTTPDownloader(bar, chunk_size=65_536, timeout=30),
            )
        except requests.RequestException as error:
            failures.append(f"{url}: {_short(error)}")
        except ValueError:  # pooch's word for a checksum that differs
            failures.append(f"{url}: answers with other bytes than the original's")
        else:
            return Path(found)
    raise DatasetMissingError(
        f"no mirror of data set {name} gives {file.name} ({'; '.join(failures)}); check the "
        f"network, or put the original file at {folder / file.name}"
    )


def _short(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__


class _Bar:
    """What pooch wants of a progress bar, shown by rich."""

    def __init__(self, bars: Progress, title: str, total: int) -> None:
        self.total = total
        self._bars = bars
        self._task = bars.add_task(title, total=total)

    def update(self, count: int) -> None:
        """So many more bytes have come."""
        self._bars.advance(self._task, count)

    def reset(self) -> None:
        """Start again at 0; pooch does so when the download is complete."""
        self._bars.reset(self._task, total=self.total)

    def close(self) -> None:
        """The download is complete."""
        self._bars.update(self._task, completed=self.total)
