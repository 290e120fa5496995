"""Downloads that are cut off: continued, and never kept when they are wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from client.downloads import Wanted, download
from client.errors import DownloadError, NotFoundError, ServerUnreachableError
from client.transport import Transport

CONTENT = bytes(range(256)) * 40
WANTED = Wanted("/artifacts/art_1", "file.bin", hashlib.sha256(CONTENT).hexdigest())
ETAG = f'"{WANTED.sha256}"'


class Cut(httpx.SyncByteStream):
    """Sends some bytes, then loses the connection."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self.content
        raise httpx.RemoteProtocolError("peer closed connection")


class Service:
    """Serves one file; cuts off so many downloads after 1,000 bytes, or is away so often."""

    def __init__(self, *, cuts: int = 0, away: int = 0, etag: str = ETAG) -> None:
        self.cuts = cuts
        self.away = away
        self.etag = etag
        self.ranges: list[str | None] = []
        self.now = 0.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.ranges and self.away:
            self.away -= 1
            raise httpx.ConnectError("refused")
        asked = request.headers.get("range")
        self.ranges.append(asked)
        first = 0
        if asked is not None and request.headers["if-range"] == self.etag:
            first = int(asked.removeprefix("bytes=").removesuffix("-"))
        if first >= len(CONTENT):
            return httpx.Response(416, json={"type": "/problems/range-invalid", "detail": "x"})
        status = 206 if first else 200
        if self.cuts:
            self.cuts -= 1
            return httpx.Response(status, stream=Cut(CONTENT[first : first + 1000]))
        return httpx.Response(status, content=iter([CONTENT[first:]]))

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def transport(self, patience: float = 30.0) -> Transport:
        return Transport(
            "http://service.test",
            transport=httpx.MockTransport(self),
            patience=patience,
            sleep=self.sleep,
            clock=lambda: self.now,
        )


def test_a_file_is_there_and_no_part_of_it(tmp_path: Path) -> None:
    path = download(Service().transport(), WANTED, tmp_path / "new")

    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


def test_it_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    service = Service(cuts=2, away=3)
    path = download(service.transport(), WANTED, tmp_path)

    assert path.read_bytes() == CONTENT
    assert service.ranges == [None, "bytes=1000-", "bytes=2000-"]


def test_it_goes_on_for_as_long_as_it_gets_on(tmp_path: Path) -> None:
    service = Service(cuts=9)
    download(service.transport(patience=0.5), WANTED, tmp_path)

    assert service.now > 0.5


def test_another_process_goes_on(tmp_path: Path) -> None:
    with pytest.raises(ServerUnreachableError):
        download(Service(cuts=1).transport(patience=0), WANTED, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin.part"]

    service = Service()
    assert download(service.transport(), WANTED, tmp_path).read_bytes() == CONTENT
    assert service.ranges == ["bytes=1000-"]


@pytest.mark.parametrize("size", [1000, len(CONTENT), len(CONTENT) + 5])
def test_a_part_of_something_else_is_replaced(tmp_path: Path, size: int) -> None:
    (tmp_path / "file.bin.part").write_bytes(b"x" * size)
    service = Service()

    assert download(service.transport(), WANTED, tmp_path).read_bytes() == CONTENT
    assert service.ranges == [f"bytes={size}-", None]


def test_a_part_that_is_whole_already_is_enough(tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(CONTENT)
    assert download(Service().transport(), WANTED, tmp_path).read_bytes() == CONTENT


def test_a_file_that_was_replaced_meanwhile_comes_whole(tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(CONTENT[:1000])
    service = Service(etag='"another"')

    assert download(service.transport(), WANTED, tmp_path).read_bytes() == CONTENT
    assert service.ranges == ["bytes=1000-"]


def test_other_bytes_than_promised_are_not_kept(tmp_path: Path) -> None:
    wanted = Wanted(WANTED.path, WANTED.name, "0" * 64)
    with pytest.raises(DownloadError, match="nothing was kept"):
        download(Service().transport(), wanted, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_the_service_stays_in_the_folder(tmp_path: Path) -> None:
    for name, file in (("../../evil", "evil"), ("..", "file")):
        path = download(Service().transport(), Wanted(WANTED.path, name, WANTED.sha256), tmp_path)
        assert path == tmp_path / file


def test_a_file_that_is_not_there_is_not_waited_for(tmp_path: Path) -> None:
    def gone(_: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={"type": "/problems/not-found", "detail": "gone"})

    transport = Transport("http://service.test", transport=httpx.MockTransport(gone))
    with pytest.raises(NotFoundError, match="gone"):
        download(transport, WANTED, tmp_path)
