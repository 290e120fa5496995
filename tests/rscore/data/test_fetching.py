from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rscore.data import idx
from rscore.data.fetching import fetch_files
from rscore.errors import DatasetMissingError
from rscore.spec import DatasetInfo
from tests.rscore.data.idx_files import write_tiny


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """URL and folder of a mirror that is served."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()
        thread.join()


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
    assert idx.missing("tiny", info, tmp_path / "tiny") is None


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
