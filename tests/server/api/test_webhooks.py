"""Webhooks over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.storage import webhooks
from tests.conftest import SettingsFactory
from tests.server.api.conftest import LiveServer, serving

URL = "https://8.8.8.8/hook"


@pytest.fixture
def made(client: httpx.Client) -> dict[str, Any]:
    answer = client.post("/webhooks", json={"url": URL})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/api/v1/webhooks/{body['id']}"
    return body


def test_the_secret_is_shown_once(client: httpx.Client, made: dict[str, Any]) -> None:
    assert made["secret"].startswith("whsec_")
    assert made["events"] == ["study_ended", "study_paused", "run_failed"]
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert client.get("/webhooks").json() == {"items": [shown]}
    assert client.get(f"/webhooks/{made['id']}").json() == shown


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        ({"url": "http://8.8.8.8/"}, "url", "use https"),
        ({"url": "https://127.0.0.1/"}, "url", "REALSPIKE_WEBHOOK_PRIVATE"),
        ({"url": "https://localhost/"}, "url", "which is not public"),
        ({"url": "https://169.254.169.254/latest"}, "url", "no address that a webhook may have"),
        ({"url": "https://nowhere.invalid/"}, "url", "cannot be looked up"),
        ({"url": "https://a b/"}, "url", "pattern"),
        ({"url": URL, "events": ["run_faild"]}, "events.0", "run_failed"),
        ({"url": URL, "events": []}, "events", "at least 1"),
        ({"url": URL, "secret": "mine"}, "secret", "unknown field"),
    ],
)
def test_what_cannot_be_added(
    client: httpx.Client, body: dict[str, Any], path: str, says: str
) -> None:
    answer = client.post("/webhooks", json=body)
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert problem["path"] == path
    assert says in f"{problem['message']} {problem.get('hint')}"
    assert client.get("/webhooks").json() == {"items": []}


def test_a_test_is_queued(client: httpx.Client, made: dict[str, Any]) -> None:
    path = f"/webhooks/{made['id']}"
    answer = client.post(f"{path}/test")
    assert answer.status_code == 202
    delivery = answer.json()
    assert (delivery["event"], delivery["state"], delivery["tries"]) == ("ping", "waiting", 0)
    second = client.post(f"{path}/test").json()
    page = client.get(f"{path}/deliveries", params={"limit": 1}).json()
    assert (page["items"], page["total"]) == ([second], 2)
    page = client.get(f"{path}/deliveries", params={"cursor": page["next_cursor"]}).json()
    assert page == {"items": [delivery], "next_cursor": None, "total": 2}


def test_removed(client: httpx.Client, made: dict[str, Any]) -> None:
    path = f"/webhooks/{made['id']}"
    client.post(f"{path}/test")
    assert client.delete(path).status_code == 204
    for answer in (
        client.get(path),
        client.delete(path),
        client.post(f"{path}/test"),
        client.get(f"{path}/deliveries"),
    ):
        assert answer.status_code == 404


def test_the_same_key_makes_one(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "k"}
    first, again = (
        client.post("/webhooks", json={"url": URL}, headers=headers).json() for _ in range(2)
    )
    assert first == again
    client.delete(f"/webhooks/{first['id']}")
    answer = client.post("/webhooks", json={"url": URL}, headers=headers)
    assert answer.status_code == 409
    assert "was removed" in answer.json()["detail"]


def test_there_is_a_limit(
    client: httpx.Client, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST", 1)
    answer = client.post("/webhooks", json={"url": URL})
    assert answer.status_code == 409
    assert "remove one" in answer.json()["detail"]


@pytest.fixture
def inside(settings: SettingsFactory, tmp_path: Path) -> Iterator[LiveServer]:
    with serving(settings("embedded", webhook_private=True), web_folder=tmp_path) as server:
        yield server


def test_own_addresses_where_they_are_allowed(inside: LiveServer) -> None:
    add = inside.client.post
    assert add("/webhooks", json={"url": "http://127.0.0.1:9/hook"}).status_code == 201
    refused = add("/webhooks", json={"url": "http://8.8.8.8/"})
    assert refused.status_code == 422
    assert "use https there" in refused.json()["detail"]
    assert add("/webhooks", json={"url": "https://169.254.169.254/"}).status_code == 422
