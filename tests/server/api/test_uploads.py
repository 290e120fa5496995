"""Files that people's own scripts add to a run."""

from __future__ import annotations

import errno
import hashlib
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from server.api import incoming
from server.api.middleware import LARGEST_BODY
from server.api.services import Services
from server.errors import StorageUnavailableError
from server.storage.artifact_files import ArtifactFiles
from server.storage.states import RunStatus
from tests.conftest import SettingsFactory
from tests.server.api.conftest import LiveServer, serving
from tests.support.runs import claim_run, make_run, run_in

CONTENT = b"one picture"


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


@pytest.fixture
def run_id(services: Services) -> str:
    return run_in(services.db, RunStatus.SUCCEEDED)


def put(
    client: httpx.Client,
    run_id: str,
    content: Any = CONTENT,
    *,
    name: str = "plot.png",
    **headers: str,
) -> httpx.Response:
    return client.put(f"/runs/{run_id}/files/{name}", content=content, headers=headers)


def stored(services: Services) -> list[bytes]:
    root = Path(services.settings.resolved_artifacts_url)
    return [path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()]


def listed(client: httpx.Client, run_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/runs/{run_id}/artifacts").json()["items"]
    return items


def test_a_file_is_listed_and_downloaded_as_it_was_sent(
    client: httpx.Client, run_id: str, tmp_path: Path
) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    answer = put(client, run_id, **{"Content-Type": "image/png", "X-Content-SHA256": digest})

    assert answer.status_code == 200
    artifact = answer.json()
    assert (artifact["kind"], artifact["name"], artifact["attempt"]) == ("file", "plot.png", 0)
    assert (artifact["size"], artifact["sha256"]) == (len(CONTENT), digest)
    assert listed(client, run_id) == [artifact]
    got = client.get(f"/artifacts/{artifact['id']}")
    assert (got.content, got.headers["Content-Type"]) == (CONTENT, "image/png")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_same_bytes_again_are_the_same_artifact(
    client: httpx.Client, services: Services, run_id: str
) -> None:
    first = put(client, run_id).json()

    assert put(client, run_id).json() == first
    assert stored(services) == [CONTENT]


def test_other_bytes_of_that_name_replace_it(
    client: httpx.Client, services: Services, run_id: str
) -> None:
    first = put(client, run_id).json()
    put(client, run_id, b"a table", name="table.csv")
    second = put(client, run_id, b"a better picture").json()

    assert second["id"] != first["id"]
    assert {item["id"] for item in listed(client, run_id)} >= {second["id"]}
    assert [item["name"] for item in listed(client, run_id)] == ["table.csv", "plot.png"]
    assert sorted(stored(services)) == [b"a better picture", b"a table"]
    assert client.get(f"/artifacts/{first['id']}").status_code == 404


def test_an_empty_file_is_a_file(client: httpx.Client, run_id: str) -> None:
    artifact = put(client, run_id, b"").json()

    assert artifact["size"] == 0
    assert client.get(f"/artifacts/{artifact['id']}").content == b""


def test_while_a_worker_trains_the_run_only_its_attempt_adds_files(
    client: httpx.Client, services: Services
) -> None:
    run_id = run_in(services.db, RunStatus.RUNNING)
    answer = put(client, run_id)

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
    assert "wait until it has ended" in answer.json()["detail"]
    assert stored(services) == []


def test_a_worker_that_claims_the_run_meanwhile_wins(
    client: httpx.Client, services: Services
) -> None:
    run_id = make_run(services.db)

    def slowly() -> Iterator[bytes]:
        yield b"the first half"
        claim_run(services.db, run_id)
        yield b"and the second"

    assert put(client, run_id, slowly()).status_code == 409
    assert stored(services) == []


def test_a_run_that_is_not_there(client: httpx.Client, services: Services) -> None:
    assert put(client, "run_none").status_code == 404
    assert stored(services) == []


@pytest.mark.parametrize("name", [".hidden", "a%5Cb", "a%00b", "x" * 201])
def test_a_name_that_is_none_is_named(client: httpx.Client, run_id: str, name: str) -> None:
    answer = put(client, run_id, name=name)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "name"


def test_a_name_in_any_writing(client: httpx.Client, run_id: str) -> None:
    name = "Verlust über Zeit 図.png"
    artifact = client.put(f"/runs/{run_id}/files/{name}", content=CONTENT).json()

    assert artifact["name"] == name
    assert client.get(f"/artifacts/{artifact['id']}").content == CONTENT


def test_other_bytes_than_promised_are_refused(
    client: httpx.Client, services: Services, run_id: str
) -> None:
    answer = put(client, run_id, **{"X-Content-SHA256": "0" * 64})

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/upload-invalid")
    assert stored(services) == []


def test_a_media_type_that_is_none_is_left_out(client: httpx.Client, run_id: str) -> None:
    kinds = ["text/csv; charset=utf-8", "nonsense", ""]
    got = [
        put(client, run_id, bytes([number]), **{"Content-Type": kind}).json()["media_type"]
        for number, kind in enumerate(kinds)
    ]

    assert got == ["text/csv", "application/octet-stream", "application/octet-stream"]


def test_a_file_larger_than_other_bodies_may_be(client: httpx.Client, run_id: str) -> None:
    content = bytes(LARGEST_BODY + 1)

    assert put(client, run_id, content).json()["size"] == len(content)


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_beyond_the_limit_is_refused(
    settings: SettingsFactory, tmp_path: Path, announced: bool
) -> None:
    content = bytes(3 * 1024**2)
    with serving(settings("embedded", largest_file_mb=1), web_folder=tmp_path) as server:
        run_id = run_in(server.services.db, RunStatus.FAILED)
        answer = put(server.client, run_id, content if announced else iter([content]))

        assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
        assert "1 MiB" in answer.json()["detail"]
        assert stored(server.services) == []


def test_a_full_disk_is_said(
    client: httpx.Client, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: Any) -> IO[bytes]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(incoming.tempfile, "NamedTemporaryFile", full)
    answer = put(client, run_id)

    assert answer.status_code == 503
    assert "the disk is full" in answer.json()["detail"]


def test_an_old_file_that_cannot_be_deleted_keeps_nothing_back(
    client: httpx.Client, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(_: ArtifactFiles, location: str) -> None:
        raise StorageUnavailableError(f"cannot delete {location}")

    put(client, run_id)
    monkeypatch.setattr(ArtifactFiles, "delete", stuck)

    assert put(client, run_id, b"new").json()["size"] == 3


def test_two_at_once_leave_one_file(live: LiveServer, run_id: str) -> None:
    gate = threading.Barrier(2)
    answers: list[httpx.Response] = []

    def send(content: bytes) -> None:
        def body() -> Iterator[bytes]:
            gate.wait(10)
            yield content

        with httpx.Client(base_url=f"{live.url}/api/v1") as client:
            answers.append(put(client, run_id, body()))

    threads = [threading.Thread(target=send, args=(text,)) for text in (b"same", b"same")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert stored(live.services) == [b"same"]


def test_leftovers_of_killed_servers_are_swept_and_others_are_not(tmp_path: Path) -> None:
    place = tmp_path / "temporary"
    (place / f"{incoming.PREFIX}dead").write_bytes(b"half")
    living = incoming.Incoming("a file", limit=100)
    other = incoming.Incoming("another", limit=100)

    assert sorted(path for path in place.iterdir()) == sorted([living.path, other.path])
    living.discard()
    other.discard()
    assert list(place.iterdir()) == []
