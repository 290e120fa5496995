from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from client import push
from client.api import Client
from client.errors import InputError
from rscore.datasets import DatasetFile, DatasetInfo

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
        remedy = None if ready else "run `realspike data fetch mnist`"
        return httpx.Response(200, json={"name": "mnist", "ready": ready, "remedy": remedy})


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def client(store: Store) -> Client:
    return Client("http://service.test", transport=httpx.MockTransport(store))


@pytest.fixture(autouse=True)
def _small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "dataset_info", lambda name: INFO)


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
    push.provide_datasets(client, document, tmp_path, said.append)
    assert said[0] == f"the service does not have mnist, but {tmp_path} does"
    assert store.files == FILES
    said.clear()
    push.provide_datasets(client, document, tmp_path, said.append)
    assert said == []


@pytest.mark.parametrize("data_dir", [None, "empty"])
def test_a_data_set_that_nobody_has_is_an_error_unless_it_comes_later(
    tmp_path: Path, client: Client, store: Store, data_dir: str | None
) -> None:
    folder = tmp_path / data_dir if data_dir else None
    document: dict[str, Any] = {"spec": {"dataset": "mnist"}}
    with pytest.raises(InputError) as caught:
        push.provide_datasets(client, document, folder, print)
    first, second = str(caught.value).splitlines()
    assert first.startswith("the service does not have mnist, so training would fail: run `realsp")
    assert "--data-dir" in first
    assert second == "or queue now and bring the data later: --anyway"
    said: list[str] = []
    push.provide_datasets(client, document, folder, said.append, anyway=True)
    assert said == [f"{first}\nqueued all the same: bring the data before a worker is free"]
    assert store.files == {}


def test_an_archive_that_serves_instead_is_sent(
    tmp_path: Path, client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = DatasetFile("all.gz", 3, hashlib.md5(b"all").hexdigest(), ())
    monkeypatch.setattr(push, "dataset_info", lambda name: replace(INFO, instead=(other,)))
    (tmp_path / "all.gz").write_bytes(b"all")
    push.push_dataset(client, "mnist", tmp_path, print)
    assert store.files == {"all.gz": b"all"}


def test_folders_cannot_be_sent(
    tmp_path: Path, client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = replace(INFO, unpacked=(("Train",),))
    monkeypatch.setattr(push, "dataset_info", lambda name: info)
    (tmp_path / "mnist" / "Train").mkdir(parents=True)
    with pytest.raises(InputError, match=rf"copy {tmp_path / 'mnist'} to a folder mnist"):
        push.push_dataset(client, "mnist", tmp_path, print)
    with pytest.raises(InputError, match=rf"copy {tmp_path / 'mnist'} to a folder mnist"):
        push.provide_datasets(client, {"spec": {"dataset": "mnist"}}, tmp_path, print)
    assert store.files == {}


def test_a_file_is_sent_whole_on_a_second_try(tmp_path: Path) -> None:
    tries: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        tries.append(request.content)
        if len(tries) == 1:
            raise httpx.WriteError("the connection broke")
        return httpx.Response(200, json={"name": "mnist", "ready": True})

    fill(tmp_path)
    transport = httpx.MockTransport(answer)
    with Client("http://service.test", transport=transport, sleep=lambda seconds: None) as client:
        client.datasets.put("mnist", tmp_path / "images.gz")
    assert tries == [FILES["images.gz"]] * 2
