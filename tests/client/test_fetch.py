from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from client import fetch
from client.errors import FetchError, UnknownDatasetError
from rscore.datasets import DatasetFile, DatasetInfo

CONTENT = bytes(range(256)) * 40
FILE = DatasetFile(
    "images.gz",
    len(CONTENT),
    hashlib.md5(CONTENT).hexdigest(),
    ("http://one.test/images.gz", "http://two.test/images.gz"),
)
UNSIZED = replace(FILE, bytes=None)
INFO = DatasetInfo("Small", 1, 28, ("a",), train=1, test=1, files=(FILE,))


class Mirror:
    """Two mirrors of one file, each with its own way of answering."""

    def __init__(self, one: str, two: str = "whole") -> None:
        self.manner = {"one.test": one, "two.test": two}
        self.ranges: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        manner = self.manner[request.url.host]
        self.ranges.append(request.headers.get("range"))
        if manner == "away":
            raise httpx.ConnectError("no route")
        if manner == "missing":
            return httpx.Response(404)
        if manner == "wrong":
            return httpx.Response(200, content=iter([CONTENT[::-1]]))
        if manner == "ranges" and request.headers.get("range"):
            start = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
            if start >= len(CONTENT):
                return httpx.Response(416)
            return httpx.Response(206, content=iter([CONTENT[start:]]))
        return httpx.Response(200, content=iter([CONTENT[:500], CONTENT[500:]]))


@pytest.fixture(autouse=True)
def _one_small_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "dataset_info", lambda name: INFO)


def get(folder: Path, mirror: Mirror) -> list[Path]:
    return fetch.fetch_dataset("small", folder, transport=httpx.MockTransport(mirror))


def test_file_is_there_and_no_part(tmp_path: Path) -> None:
    (path,) = get(tmp_path / "new", Mirror("whole"))
    assert path.read_bytes() == CONTENT
    assert [item.name for item in path.parent.iterdir()] == ["images.gz"]


def test_right_file_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "images.gz").write_bytes(CONTENT)
    mirror = Mirror("away", "away")
    get(tmp_path, mirror)
    assert mirror.ranges == []


def test_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    (tmp_path / "images.gz.part").write_bytes(CONTENT[:1000])
    mirror = Mirror("ranges")
    (path,) = get(tmp_path, mirror)
    assert mirror.ranges == ["bytes=1000-"]
    assert path.read_bytes() == CONTENT


def test_starts_again_where_the_mirror_cannot_go_on(tmp_path: Path) -> None:
    (tmp_path / "images.gz.part").write_bytes(CONTENT[:1000])
    (path,) = get(tmp_path, Mirror("whole"))
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("manner", ["away", "missing", "wrong"])
def test_next_mirror_helps(tmp_path: Path, manner: str) -> None:
    (path,) = get(tmp_path, Mirror(manner))
    assert path.read_bytes() == CONTENT


def test_failure_says_which_file_to_put_where(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as caught:
        get(tmp_path, Mirror("missing", "wrong"))
    said = str(caught.value)
    assert "http://one.test/images.gz: answered 404" in said
    assert "another MD5" in said
    assert f"put it at {tmp_path / 'images.gz'} ({FILE.bytes} bytes, MD5 {FILE.md5})" in said
    assert list(tmp_path.iterdir()) == []


def test_damaged_rest_is_not_continued_for_ever(tmp_path: Path) -> None:
    (tmp_path / "images.gz.part").write_bytes(b"x" * 1000)
    with pytest.raises(FetchError):
        get(tmp_path, Mirror("ranges", "away"))
    (path,) = get(tmp_path, Mirror("ranges"))
    assert path.read_bytes() == CONTENT


def test_a_size_that_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "dataset_info", lambda name: replace(INFO, files=(UNSIZED,)))
    (tmp_path / "images.gz.part").write_bytes(CONTENT[:1000])
    (path,) = get(tmp_path, Mirror("ranges"))
    assert path.read_bytes() == CONTENT
    path.rename(tmp_path / "images.gz.part")
    (path,) = get(tmp_path, Mirror("ranges"))
    assert path.read_bytes() == CONTENT
    path.unlink()
    with pytest.raises(FetchError, match=rf"put it at {path} \(MD5"):
        get(tmp_path, Mirror("away", "away"))


def test_another_form_of_a_data_set_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = replace(INFO, unpacked=(("Train",),))
    monkeypatch.setattr(fetch, "dataset_info", lambda name: info)
    (tmp_path / "Train").mkdir()
    assert get(tmp_path, Mirror("away", "away")) == []


@pytest.mark.parametrize(
    ("name", "says"), [("imagenet", "image-net.org"), ("dvs128-gesture", "ibm.ent.box.com")]
)
def test_what_only_a_person_can_get(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    monkeypatch.undo()
    with pytest.raises(FetchError, match=says) as caught:
        fetch.fetch_dataset(name, tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    assert not (tmp_path / name).exists()


def test_data_set_that_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    with pytest.raises(UnknownDatasetError, match="did you mean 'fashion-mnist'"):
        fetch.fetch_dataset("fashion-minst", tmp_path)
