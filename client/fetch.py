"""Download a data set's original files from their authors: checked, and continued where cut off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx

from client.datasets import dataset_info, file_problem
from client.errors import FetchError
from rscore.datasets import DatasetFile, is_complete, missing_files, remedy
from rscore.hints import command

CHUNK = 1 << 16
OnBytes = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes there so far, and the bytes in all where that is known."""


def fetch_dataset(
    name: str,
    folder: Path,
    *,
    on_bytes: OnBytes | None = None,
    transport: httpx.BaseTransport | None = None,
) -> list[Path]:
    """Have every original file of a data set in `folder`; those already right stay as they are.

    Nothing is fetched, and no path given, where the folder holds the data set in another form.

    Raises FetchError that says for each file that could not be had where to put it.
    """
    info = dataset_info(name)
    files = info.files
    if missing_files(info, folder) and is_complete(info, folder):
        return []
    if info.by_hand and (what_to_do := remedy(name, info, folder)):
        raise FetchError(what_to_do)
    folder.mkdir(parents=True, exist_ok=True)
    failures = []
    with httpx.Client(
        follow_redirects=True, timeout=httpx.Timeout(30.0, connect=10.0), transport=transport
    ) as http:
        for file in files:
            if file_problem(folder / file.name, file) is None:
                continue
            reasons = _fetch_file(http, file, folder, on_bytes)
            if reasons:
                failures.append((file, reasons))
    if failures:
        raise FetchError(_remedy(name, folder, failures))
    return [folder / file.name for file in files]


def _fetch_file(
    http: httpx.Client, file: DatasetFile, folder: Path, on_bytes: OnBytes | None
) -> list[str]:
    """Why each mirror failed; empty when the file is there."""
    part = folder / f"{file.name}.part"
    reasons = []
    for url in file.urls:
        try:
            _continue(http, url, part, file, on_bytes)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reasons.append(f"{url}: {_short(error)}")
            continue
        if file_problem(part, file) is None:
            part.replace(folder / file.name)
            return []
        reasons.append(f"{url}: sent {part.stat().st_size} bytes with another MD5")
        part.unlink()
    return reasons


def _continue(
    http: httpx.Client, url: str, part: Path, file: DatasetFile, on_bytes: OnBytes | None
) -> None:
    """Append to a partial file what is missing of it; start again where a mirror cannot."""
    done = part.stat().st_size if part.exists() else 0
    if done and file.bytes is not None and done >= file.bytes:
        part.unlink()
        done = 0
    headers = {"Range": f"bytes={done}-"} if done else {}
    with http.stream("GET", url, headers={**headers, "Accept-Encoding": "identity"}) as response:
        if done and response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()
            _continue(http, url, part, file, on_bytes)
            return
        response.raise_for_status()
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            done = 0
        with part.open("ab" if done else "wb") as out:
            for chunk in response.iter_raw(CHUNK):
                out.write(chunk)
                done += len(chunk)
                if on_bytes is not None:
                    on_bytes(file.name, done, file.bytes)


def _short(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"answered {error.response.status_code} {error.response.reason_phrase}"
    return str(error) or type(error).__name__


def _size(file: DatasetFile) -> str:
    return "" if file.bytes is None else f"{file.bytes} bytes, "


def _remedy(name: str, folder: Path, failures: list[tuple[DatasetFile, list[str]]]) -> str:
    lines = [f"{len(failures)} of the original files of {name} could not be downloaded"]
    for file, reasons in failures:
        lines += [f"  {reason}" for reason in reasons]
        lines.append(
            f"  get it by other means and put it at {(folder / file.name).absolute()} "
            f"({_size(file)}MD5 {file.md5})"
        )
    again = command(f"data fetch {name}")
    lines.append(f"or run `{again}` again: it goes on where it was cut off")
    return "\n".join(lines)
