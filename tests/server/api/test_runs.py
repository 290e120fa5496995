from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from server.api.services import Services
from server.errors import QueueError
from server.queue import RunQueue
from server.storage import lifecycle, logs, metrics
from server.storage.states import RunStatus
from tests.support.runs import claim_run, get, make_run, report_death, run_in
from tests.support.waiting import wait_until
from tests.support.workers import register_worker


def submit(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post("/runs", json={"spec": {}, **body})


def add_worker(services: Services, slots: int = 1) -> None:
    with services.db.write() as session:
        register_worker(session, "w1", slots=slots)


def test_a_created_run_is_complete_and_found_again(client: httpx.Client) -> None:
    answer = submit(client, tags=["a", "a", "b"], spec={"granularity": "layer", "seed": 3})

    assert answer.status_code == 201
    run = answer.json()
    assert answer.headers["Location"] == f"/api/v1/runs/{run['id']}"
    assert run["name"] == "digits small-conv layer T=4 seed=3"
    assert (run["status"], run["queue_position"], run["tags"]) == ("queued", 1, ["a", "b"])
    assert run["spec"]["epochs"] == 8
    assert client.get(f"/runs/{run['id']}").json() == run
    summary = client.get("/runs").json()["items"][0]
    assert summary == {name: run[name] for name in summary}


def test_pages_follow_each_other_newest_first(client: httpx.Client) -> None:
    made = [submit(client).json()["id"] for _ in range(5)]

    first = client.get("/runs", params={"limit": 3}).json()
    second = client.get("/runs", params={"limit": 3, "cursor": first["next_cursor"]}).json()

    assert [run["id"] for run in first["items"] + second["items"]] == made[::-1]
    assert (first["total"], second["total"], second["next_cursor"]) == (5, 5, None)
    assert client.get("/runs", params={"cursor": "nonsense"}).status_code == 422


def test_lists_are_narrowed_by_query_and_filter(client: httpx.Client, services: Services) -> None:
    wanted = submit(client, experiment="x", spec={"lr": 0.5}).json()["id"]
    submit(client, experiment="y", spec={"lr": 0.1})
    run_in(services.db, RunStatus.FAILED)

    def ids(**params: str) -> list[str]:
        return [run["id"] for run in client.get("/runs", params=params).json()["items"]]

    assert ids(experiment="x") == ids(filter="spec.lr > 0.2 and status = 'queued'") == [wanted]
    assert len(ids(status="queued")) == 2
    assert len(ids(filter=" ")) == 3


def test_a_filter_that_finds_nothing_names_a_metric_that_no_run_has(
    client: httpx.Client, services: Services
) -> None:
    run_id = run_in(services.db, RunStatus.SUCCEEDED)
    listed = {"filter": "metrics.tset_acc > 0.5"}
    assert client.get("/runs", params=listed).json()["items"] == []
    with services.db.write() as session:
        metrics.write_metrics(session, run_id, [("test_acc", 1, 1, 0.4)], attempt=None)

    refused = client.get("/runs", params=listed)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/filter-invalid")
    assert refused.json()["hint"] == "did you mean 'metrics.test_acc'?"
    listed["filter"] = "metrics.test_acc > 0.5"
    assert client.get("/runs", params=listed).json()["items"] == []


def test_the_same_key_creates_once(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "key-1"}
    first = client.post("/runs", json={"spec": {}}, headers=headers)
    again = client.post("/runs", json={"spec": {"lr": 0.009}}, headers=headers)
    other = client.post("/runs", json={"spec": {"lr": 0.1}}, headers=headers)

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert first.json()["id"] == again.json()["id"]
    assert client.get("/runs").json()["total"] == 1

    client.post(f"/runs/{first.json()['id']}/cancel")
    client.delete(f"/runs/{first.json()['id']}")
    gone = client.post("/runs", json={"spec": {}}, headers=headers)
    assert gone.status_code == 409
    assert "use a new key" in gone.json()["detail"]


def test_cancel_retry_delete(client: httpx.Client) -> None:
    run_id = submit(client).json()["id"]

    assert client.delete(f"/runs/{run_id}").status_code == 409
    assert client.post(f"/runs/{run_id}/retry").status_code == 409
    assert client.post(f"/runs/{run_id}/cancel").json()["status"] == "cancelled"
    assert client.post(f"/runs/{run_id}/cancel").status_code == 409
    retried = client.post(f"/runs/{run_id}/retry").json()
    assert (retried["status"], retried["queue_position"]) == ("queued", 1)
    client.post(f"/runs/{run_id}/cancel")
    assert client.delete(f"/runs/{run_id}").status_code == 204
    assert client.get(f"/runs/{run_id}").status_code == 404


def test_a_deleted_run_is_listed_apart_and_comes_back(client: httpx.Client) -> None:
    run_id = submit(client).json()["id"]
    client.post(f"/runs/{run_id}/cancel")
    before = client.get(f"/runs/{run_id}").json()
    client.delete(f"/runs/{run_id}")

    deleted = {"deleted": "true"}
    assert client.get("/runs").json()["items"] == []
    assert [run["id"] for run in client.get("/runs", params=deleted).json()["items"]] == [run_id]
    assert client.post(f"/runs/{run_id}/restore").json() == before
    assert client.get("/runs", params=deleted).json()["items"] == []
    assert client.post(f"/runs/{run_id}/restore").json() == before
    assert client.post("/runs/run_none/restore").status_code == 404


def test_a_running_run_is_asked_to_stop(client: httpx.Client, services: Services) -> None:
    run_id = run_in_worker(services)

    run = client.post(f"/runs/{run_id}/cancel").json()

    assert (run["status"], run["cancel_requested"]) == ("running", True)
    assert run["attempts"][0]["outcome"] == "running"


def test_a_run_that_lost_its_worker_tells_how_and_until_when_it_waits(
    client: httpx.Client, services: Services
) -> None:
    run_id = run_in_worker(services)
    report_death(services.db, run_id, 1, "signal 9 (SIGKILL)", backoff=60)
    with services.db.write() as session:
        lifecycle.note_refused(session, run_id, 1)

    run = client.get(f"/runs/{run_id}").json()

    assert (run["status"], run["reason"]) == ("queued", "lost")
    assert datetime.fromisoformat(run["not_before"]) > datetime.now(UTC)
    (attempt,) = run["attempts"]
    assert (attempt["outcome"], attempt["exit"]) == ("lost", "signal 9 (SIGKILL)")
    assert attempt["refused"] == 1
    (listed,) = client.get("/runs").json()["items"]
    assert listed["not_before"] == run["not_before"]
    lines = [line["text"] for line in client.get(f"/runs/{run_id}/log").json()["items"]]
    assert "died of signal 9 (SIGKILL)" in lines[-1]


def run_in_worker(services: Services) -> str:
    run_id = make_run(services.db)
    claim_run(services.db, run_id)
    return run_id


def test_logs_by_tail_and_after(client: httpx.Client, services: Services) -> None:
    run_id = make_run(services.db)
    attempt = claim_run(services.db, run_id)
    with services.db.write() as session:
        logs.append(session, run_id, attempt, ["one", "two", "three"])

    tail = client.get(f"/runs/{run_id}/log", params={"limit": 2}).json()["items"]
    assert [line["text"] for line in tail] == ["two", "three"]
    later = client.get(f"/runs/{run_id}/log", params={"after": tail[0]["id"]}).json()["items"]
    assert [line["text"] for line in later] == ["three"]
    assert client.get("/runs/run_none/log").status_code == 404


def test_only_as_many_runs_are_sent_out_as_workers_are_free(
    client: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(RunQueue, "enqueue_run", lambda _, run_id: sent.append(run_id))
    add_worker(services, slots=1)
    waiting = make_run(services.db)
    urgent = submit(client, priority=5).json()["id"]
    wait_until(lambda: get(services.db, urgent).woken_at, "the urgent run was sent out")

    assert sent == [urgent]
    assert client.get(f"/runs/{waiting}").json()["queue_position"] == 2


def test_a_failing_broker_does_not_fail_the_request(
    client: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fail(_: object, run_id: str) -> None:
        asked.append(run_id)
        raise QueueError("no broker")

    monkeypatch.setattr(RunQueue, "enqueue_run", fail)
    add_worker(services)
    run_id = submit(client).json()["id"]
    wait_until(lambda: asked, "the broker was asked")

    assert asked == [run_id]
    assert get(services.db, run_id).woken_at is None
