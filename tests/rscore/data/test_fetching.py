from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from rscore.data import idx
from rscore.data.fetching import fetch_files
from rscore.datasets import DatasetFile, DatasetInfo, is_complete
from rscore.errors import DatasetMissingError
from tests.rscore.data.idx_files import write_tiny


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class Cutting(Quiet):
    """Gives parts that are asked for, and breaks off after so many bytes of each answer."""

    ranges: ClassVar[list[str | None]] = []
    pieces: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.ranges.append(asked)
        content = Path(self.translate_path(self.path)).read_bytes()
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        piece = self.pieces.pop(0) if self.pieces else len(content)
        self.wfile.write(content[start : start + piece])
        self.close_connection = True


@contextmanager
def serving(folder: Path, handler: type[Quiet]) -> Iterator[str]:
    """URL of a mirror that serves a folder."""
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """URL and folder of a mirror that is served."""
    with serving(tmp_path / "mirror", Quiet) as url:
        yield url, tmp_path / "mirror"


@pytest.fixture
def one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[DatasetInfo, Path]]:
    """A data set of one file on a mirror that breaks off, and where to put it."""
    monkeypatch.setattr(Cutting, "ranges", [])
    monkeypatch.setattr(Cutting, "pieces", [])
    with serving(tmp_path / "mirror", Cutting) as url:
        (tmp_path / "mirror" / "all.zip").write_bytes(CONTENT)
        file = DatasetFile("all.zip", None, hashlib.md5(CONTENT).hexdigest(), (f"{url}/all.zip",))
        place = tmp_path / "one"
        place.mkdir()
        yield DatasetInfo("One", 1, 8, ("a",), train=1, test=1, files=(file,)), place


CONTENT = bytes(range(256)) * 1000


def with_first_mirror(info: DatasetInfo, base: str) -> DatasetInfo:
    files = tuple(replace(file, urls=(f"{base}/{file.name}", *file.urls)) for file in info.files)
    return replace(info, files=files)


def test_fetches_checks_and_keeps(mirror: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = mirror
    info = write_tiny(folder, base=url)
    place = tmp_path / "data" / "tiny"
    paths = fetch_files("tiny", info, place)
    assert [path.name for path in paths] == [file.name for file in info.files]
    assert len(idx.load("tiny", info, place).train) == 6
    for file in info.files:
        (folder / file.name).unlink()
    assert fetch_files("tiny", info, place, progress=True) == paths


def test_goes_on_to_the_next_mirror(mirror: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = mirror
    info = with_first_mirror(write_tiny(folder, base=url), f"{url}/nothing-here")
    fetch_files("tiny", info, tmp_path / "tiny")
    assert is_complete(info, tmp_path / "tiny")


def test_says_what_every_mirror_answered(mirror: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = mirror
    info = with_first_mirror(write_tiny(folder, base=url), f"{url}/nothing-here")
    (folder / info.files[0].name).write_bytes(b"a login page")
    with pytest.raises(DatasetMissingError) as raised:
        fetch_files("tiny", info, tmp_path / "tiny")
    message = str(raised.value)
    assert "404" in message
    assert "answers with other bytes than the original's" in message
    assert f"put the original file at {tmp_path / 'tiny' / info.files[0].name}" in message
    assert not list((tmp_path / "tiny").iterdir())


def test_a_folder_that_cannot_be_made_is_no_fault_of_the_mirror(
    mirror: tuple[str, Path], tmp_path: Path
) -> None:
    url, folder = mirror
    info = write_tiny(folder, base=url)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        fetch_files("tiny", info, tmp_path / "file" / "tiny")


def test_a_broken_connection_is_taken_up_where_it_broke(
    one_file: tuple[DatasetInfo, Path],
) -> None:
    info, place = one_file
    Cutting.pieces += [98_304, 49_152]
    (path,) = fetch_files("one", info, place)
    assert path.read_bytes() == CONTENT
    assert Cutting.ranges == [None, "bytes=98304-", "bytes=147456-"]
    assert list(place.iterdir()) == [path]


def test_a_download_that_failed_goes_on_another_day(one_file: tuple[DatasetInfo, Path]) -> None:
    info, place = one_file
    Cutting.pieces += [98_304, 0]
    with pytest.raises(DatasetMissingError, match="goes on where it was cut off"):
        fetch_files("one", info, place)
    assert (place / "all.zip.part").stat().st_size == 98_304
    Cutting.ranges.clear()
    (path,) = fetch_files("one", info, place)
    assert path.read_bytes() == CONTENT
    assert Cutting.ranges == ["bytes=98304-"]


@pytest.mark.parametrize("part", [CONTENT, CONTENT + b"more", b"x" * 1000])
def test_what_is_left_of_a_download_need_not_be_right(
    one_file: tuple[DatasetInfo, Path], part: bytes
) -> None:
    info, place = one_file
    (place / "all.zip.part").write_bytes(part)
    (path,) = fetch_files("one", info, place)
    assert path.read_bytes() == CONTENT
    assert list(place.iterdir()) == [path]
