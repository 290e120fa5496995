"""Names, tags, notes, archive, search and experiments over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from server.api.services import Services
from server.storage.states import RunStatus
from tests.support.runs import make_run, run_in


@pytest.fixture
def run_id(services: Services) -> str:
    return run_in(services.db, RunStatus.FAILED, name="first", tags=["a"])


def names(client: httpx.Client, path: str = "/runs", **asked: Any) -> list[str]:
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


def test_what_is_given_changes(client: httpx.Client, run_id: str) -> None:
    before = client.get(f"/runs/{run_id}").json()
    changes = {"name": "new", "add_tags": ["b"], "remove_tags": ["a"], "notes": "n"}
    answer = client.patch(f"/runs/{run_id}", json=changes)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {**before, "name": "new", "tags": ["b"], "notes": "n"}
    assert client.get(f"/runs/{run_id}").json() == answer.json()
    assert client.patch(f"/runs/{run_id}", json={}).json() == answer.json()
    changed = client.patch(f"/runs/{run_id}", json={"tags": [], "notes": "", "experiment": "e"})
    assert changed.json() == {**before, "name": "new", "tags": [], "experiment": "e"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"notes": "x" * 20_001}, "notes"),
        ({"notes": "a\x00b"}, "notes"),
        ({"tags": ["x" * 61]}, "tags.0"),
        ({"tags": ["x"] * 51}, "tags"),
        ({"status": "succeeded"}, "status"),
        ({"archived": "perhaps"}, "archived"),
    ],
)
def test_what_cannot_be_written_is_named(
    client: httpx.Client, run_id: str, changes: dict[str, Any], path: str
) -> None:
    answer = client.patch(f"/runs/{run_id}", json=changes)
    assert answer.status_code == 422
    assert [each["path"] for each in answer.json()["errors"]] == [path]


def test_too_many_tags_are_refused(client: httpx.Client, run_id: str) -> None:
    changes = {"add_tags": [str(number) for number in range(50)]}
    answer = client.patch(f"/runs/{run_id}", json=changes)
    assert answer.status_code == 409
    assert "51 tags" in answer.json()["detail"]


def test_archived_runs_are_where_they_are_asked_for(
    client: httpx.Client, services: Services, run_id: str
) -> None:
    make_run(services.db, name="second")
    archived = client.patch(f"/runs/{run_id}", json={"archived": True}).json()
    assert archived["archived_at"] is not None
    assert names(client) == ["second"]
    assert names(client, archived=True) == ["first"]
    assert names(client, filter="archived = true") == ["first"]
    assert names(client, filter="archived = false") == ["second"]
    assert names(client, filter='not (archived = false and name = "x")') == ["second", "first"]
    assert names(client, filter="priority = 0") == ["second"]
    assert client.get(f"/runs/{run_id}").json() == archived
    assert client.delete(f"/runs/{run_id}").status_code == 204
    assert names(client, deleted=True) == ["first"]


def test_search(client: httpx.Client, services: Services, run_id: str) -> None:
    make_run(services.db, name="second", tags=["paper"])
    assert names(client, q="PAPER sec") == ["second"]
    assert names(client, q=run_id[-6:]) == ["first"]
    assert names(client, q="") == ["second", "first"]
    assert client.get("/runs", params={"q": "x" * 501}).status_code == 422


def test_studies(client: httpx.Client) -> None:
    made = client.post("/studies", json={"name": "old", "seeds": 2, "tags": ["paper"]}).json()
    path = f"/studies/{made['id']}"
    changes = {"name": "new", "experiment": "e", "notes": "n", "archived": True, "priority": 3}
    changed = client.patch(path, json=changes).json()
    assert changed["archived_at"] is not None
    assert {name: changed[name] for name in ("name", "experiment", "notes")} == {
        "name": "new",
        "experiment": "e",
        "notes": "n",
    }
    assert client.get(path).json() == changed
    assert names(client, "/studies") == []
    assert names(client, "/studies", archived=True, q="NEW paper", experiment="e") == ["new"]
    assert names(client) == []
    runs = client.get("/runs", params={"study_id": made["id"]}).json()["items"]
    assert [(run["experiment"], run["priority"]) for run in runs] == [("e", 3), ("e", 3)]
    assert client.get(f"{path}/table").json()["cells"][0]["runs"] == 2
    assert client.patch(path, json={"archived": False, "notes": ""}).json()["notes"] is None
    assert names(client, "/studies") == ["new"]
    assert client.patch(path, json={"notes": "x" * 20_001}).status_code == 422


def test_experiments(client: httpx.Client, run_id: str) -> None:
    client.post("/studies", json={"name": "s", "experiment": "e", "seeds": 2})
    items = client.get("/experiments").json()["items"]
    assert [(each["name"], each["runs"], each["studies"]) for each in items] == [
        ("e", {"queued": 2}, {"queued": 1}),
        ("default", {"failed": 1}, {}),
    ]
    assert items[0]["active_at"] > items[1]["active_at"]
