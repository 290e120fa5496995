from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from server.api.services import Services
from server.storage import artifacts
from tests.server.api.conftest import LiveServer
from tests.support.runs import claim_run, make_run

CONTENT = bytes(range(256)) * 4096


@pytest.fixture
def client(shared: LiveServer) -> httpx.Client:
    return shared.client


@pytest.fixture
def services(shared: LiveServer) -> Services:
    return shared.services


@pytest.fixture
def path(client: httpx.Client, services: Services, tmp_path: Path) -> str:
    run_id = make_run(services.db)
    attempt = claim_run(services.db, run_id)
    local = tmp_path / "file"
    local.write_bytes(CONTENT)
    stored = services.files.put(local, f"{run_id}/file")
    with services.db.write() as session:
        artifact = artifacts.record_artifact(
            session,
            run_id,
            attempt,
            kind="weights",
            name="weights.safetensors",
            media_type="application/octet-stream",
            stored=stored,
        )
    (listed,) = client.get(f"/runs/{run_id}/artifacts").json()["items"]
    assert (listed["id"], listed["size"]) == (artifact.id, len(CONTENT))
    return f"/artifacts/{artifact.id}"


def test_the_whole_file_with_its_hash(client: httpx.Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["ETag"] == f'"{answer.headers["X-Content-SHA256"]}"'
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Content-Disposition"].endswith("weights.safetensors")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=300000-", 300000, len(CONTENT) - 1),
        ("bytes=-5", len(CONTENT) - 5, len(CONTENT) - 1),
        (f"bytes=10-{len(CONTENT) * 2}", 10, len(CONTENT) - 1),
    ],
)
def test_one_range(client: httpx.Client, path: str, asked: str, first: int, last: int) -> None:
    answer = client.get(path, headers={"Range": asked})

    assert answer.status_code == 206
    assert answer.content == CONTENT[first : last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "lines=1-2", "bytes=-", "bytes=9-2", "nonsense"]
)
def test_ranges_of_other_forms_get_the_whole_file(
    client: httpx.Client, path: str, asked: str
) -> None:
    answer = client.get(path, headers={"Range": asked})

    assert (answer.status_code, len(answer.content)) == (200, len(CONTENT))


@pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", "bytes=-0"])
def test_a_range_outside_the_file_says_how_long_it_is(
    client: httpx.Client, path: str, asked: str
) -> None:
    answer = client.get(path, headers={"Range": asked})

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert answer.json()["type"] == "/problems/range-invalid"


def test_a_client_that_has_it_gets_nothing(client: httpx.Client, path: str) -> None:
    etag = client.get(path).headers["ETag"]

    same = client.get(path, headers={"If-None-Match": f'"x", W/{etag}'})
    assert (same.status_code, same.content) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
    resumed = {"Range": "bytes=5-", "If-Range": etag}
    assert client.get(path, headers=resumed).status_code == 206
    assert client.get(path, headers={**resumed, "If-Range": '"x"'}).status_code == 200


def test_a_file_that_is_gone_is_not_found(
    client: httpx.Client, services: Services, path: str
) -> None:
    with services.db.read() as session:
        location = artifacts.get_artifact(session, path.rpartition("/")[2]).location
    services.files.delete(location)

    assert client.get(path).status_code == 404
    assert client.get("/artifacts/art_none").status_code == 404
