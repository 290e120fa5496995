from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from client import datasets, push
from client.api import Client
from client.errors import InputError
from rscore.spec import DatasetFile, DatasetInfo

FILES = {"images.gz": b"images" * 100, "labels.gz": b"labels" * 10}
INFO = DatasetInfo(
    "MNIST",
    1,
    28,
    ("a",),
    train=1,
    test=1,
    files=tuple(
        DatasetFile(name, len(content), hashlib.md5(content).hexdigest(), ())
        for name, content in FILES.items()
    ),
)


class Store:
    """A service that keeps what it is sent."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            self.files[request.url.path.rpartition("/")[2]] = request.content
        ready = set(self.files) == set(FILES)
        return httpx.Response(200, json={"name": "mnist", "ready": ready})


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def client(store: Store) -> Client:
    return Client("http://service.test", transport=httpx.MockTransport(store))


@pytest.fixture(autouse=True)
def _small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (datasets, push):
        monkeypatch.setattr(module, "dataset_info", lambda name: INFO)


def fill(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("below", ["", "mnist"])
def test_files_of_a_folder_are_sent(
    tmp_path: Path, client: Client, store: Store, below: str
) -> None:
    fill(tmp_path / below)
    said: list[str] = []
    assert push.push_dataset(client, "mnist", tmp_path, said.append)["ready"]
    assert store.files == FILES
    assert len(said) == 2


def test_damaged_file_is_not_sent(tmp_path: Path, client: Client, store: Store) -> None:
    (fill(tmp_path) / "labels.gz").write_bytes(FILES["labels.gz"][::-1])
    with pytest.raises(InputError, match=r"labels\.gz has MD5 .* instead of"):
        push.push_dataset(client, "mnist", tmp_path, print)
    assert store.files == {}


def test_missing_data_set_is_sent_before_a_run(
    tmp_path: Path, client: Client, store: Store
) -> None:
    fill(tmp_path / "mnist")
    document: dict[str, Any] = {"spec": {"dataset": "mnist"}}
    said: list[str] = []
    push.push_missing(client, document, tmp_path, said.append)
    assert said[0] == f"the service does not have mnist, but {tmp_path} does"
    assert store.files == FILES
    said.clear()
    push.push_missing(client, document, tmp_path, said.append)
    assert said == []


@pytest.mark.parametrize("data_dir", [None, "empty"])
def test_nothing_is_sent_without_files(
    tmp_path: Path, client: Client, store: Store, data_dir: str | None
) -> None:
    folder = tmp_path / data_dir if data_dir else None
    push.push_missing(client, {"spec": {"dataset": "mnist"}}, folder, print)
    assert store.files == {}
