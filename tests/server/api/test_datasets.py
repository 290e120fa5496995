from __future__ import annotations

import hashlib
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from rscore.datasets import DATASETS, DatasetFile, DatasetInfo
from server.api import dataset_views, datasets
from server.api.middleware import LARGEST_BODY
from server.api.services import Services
from server.storage import workers

CONTENT = b"the file as its authors made it"
FILE = DatasetFile("train.gz", len(CONTENT), hashlib.md5(CONTENT).hexdigest(), ("https://x/t",))
SMALL = DatasetInfo("Small", 1, 28, ("a", "b"), train=1, test=1, files=(FILE,))


@pytest.fixture(autouse=True)
def _small_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    """MNIST with one short file instead of its own four."""
    changed = MappingProxyType({**DATASETS, "mnist": SMALL})
    monkeypatch.setattr(datasets, "DATASETS", changed)
    monkeypatch.setattr(dataset_views, "DATASETS", changed)


def put(client: httpx.Client, content: bytes, file: str = "train.gz") -> httpx.Response:
    return client.put(
        f"/datasets/mnist/files/{file}",
        content=content,
        headers={"Content-Type": "application/octet-stream"},
    )


def test_a_missing_data_set_has_its_remedy(client: httpx.Client) -> None:
    digits, mnist, *_ = client.get("/datasets").json()["items"]

    assert (digits["ready"], digits["remedy"], digits["files"]) == (True, None, [])
    assert (mnist["ready"], mnist["input_shape"], mnist["classes"]) == (
        False,
        [1, 28, 28],
        ["a", "b"],
    )
    assert "realspike data fetch mnist" in mnist["remedy"]
    assert "train.gz" in mnist["remedy"]
    assert client.get("/datasets/mnist").json() == mnist


def test_a_file_that_is_the_published_one_is_stored(
    client: httpx.Client, services: Services
) -> None:
    answer = put(client, CONTENT)

    assert answer.status_code == 200
    assert (answer.json()["ready"], answer.json()["remedy"]) == (True, None)
    folder = services.settings.resolved_data_dir / "mnist"
    assert [path.name for path in folder.iterdir()] == ["train.gz"]
    assert (folder / "train.gz").read_bytes() == CONTENT
    assert put(client, CONTENT).status_code == 200


@pytest.mark.parametrize(
    ("content", "message"), [(b"short", "has 31 bytes, but 5"), (b"x" * 31, "has the MD5")]
)
def test_another_file_is_refused_and_leaves_nothing(
    client: httpx.Client, services: Services, content: bytes, message: str
) -> None:
    answer = put(client, content)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/upload-invalid")
    assert message in answer.json()["detail"]
    assert not (services.settings.resolved_data_dir / "mnist").exists()


def test_a_file_that_is_too_long_is_refused_before_its_end(
    client: httpx.Client, services: Services
) -> None:
    answer = put(client, CONTENT + b"more")

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/upload-invalid")
    assert "has 31 bytes, but more arrived" in answer.json()["detail"]
    assert not (services.settings.resolved_data_dir / "mnist").exists()


def test_a_file_larger_than_other_bodies_may_be_is_stored(
    client: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytes(LARGEST_BODY + 1)
    large = DatasetFile("all.zip", None, hashlib.md5(content).hexdigest(), ())
    changed = MappingProxyType({**DATASETS, "mnist": replace(SMALL, files=(large,))})
    monkeypatch.setattr(datasets, "DATASETS", changed)
    monkeypatch.setattr(dataset_views, "DATASETS", changed)

    answer = put(client, content, file="all.zip")

    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert answer.json()["files"] == [
        {"name": "all.zip", "bytes": None, "md5": large.md5, "urls": []}
    ]
    folder = services.settings.resolved_data_dir / "mnist"
    assert (folder / "all.zip").stat().st_size == len(content)
    assert put(client, content[1:], file="all.zip").status_code == 422
    assert [path.name for path in folder.iterdir()] == ["all.zip"]


def test_another_archive_serves_as_well(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(FILE, name="other.gz")
    changed = MappingProxyType({**DATASETS, "mnist": replace(SMALL, instead=(other,))})
    monkeypatch.setattr(datasets, "DATASETS", changed)
    monkeypatch.setattr(dataset_views, "DATASETS", changed)
    assert "put other.gz there" in client.get("/datasets/mnist").json()["remedy"]
    assert put(client, CONTENT, file="other.gz").json()["ready"]


def test_unpacked_folders_and_those_a_person_brings(
    client: httpx.Client, services: Services
) -> None:
    imagenet = client.get("/datasets/imagenet").json()
    assert (imagenet["ready"], imagenet["files"]) == (False, [])
    assert "image-net.org" in imagenet["remedy"]
    assert client.get("/datasets/n-mnist").json()["input_shape"] == [2, 34, 34]
    for part in ("Train", "Test"):
        (services.settings.resolved_data_dir / "n-mnist" / part).mkdir(parents=True)
    assert client.get("/datasets/n-mnist").json()["ready"]


def test_only_named_files_of_named_data_sets(client: httpx.Client) -> None:
    assert put(client, CONTENT, file="other.gz").status_code == 404
    assert put(client, CONTENT, file="..%2F..%2Fevil").status_code == 404
    unknown = client.get("/datasets/fashion_mnist")
    assert (unknown.status_code, unknown.json()["hint"]) == (404, "did you mean 'fashion-mnist'?")


def test_a_live_worker_that_has_it_makes_it_ready(client: httpx.Client, services: Services) -> None:
    common: dict[str, Any] = {"host": "h", "pid": 1, "device": "cpu", "slots": 1, "versions": {}}
    with services.db.write() as session:
        for name, state in (("w1", "ready"), ("w2", "train.gz is missing"), ("w3", "ready")):
            workers.register(session, worker_id=name, datasets={"mnist": state}, **common)
        workers.stopped(session, "w3")

    mnist = client.get("/datasets/mnist").json()
    assert (mnist["ready"], mnist["remedy"]) == (True, None)
    assert mnist["workers"] == {"w1": "ready", "w2": "train.gz is missing"}
    listed = client.get("/workers").json()["items"]
    assert {worker["id"]: worker["status"] for worker in listed} == {
        "w1": "alive",
        "w2": "alive",
        "w3": "stopped",
    }
