from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from server.api.services import Services
from server.storage import lifecycle, metrics
from server.storage.database import Database
from tests.server.api.models import make_model
from tests.support.runs import claim_run

DOCUMENT: dict[str, Any] = {
    "name": "ablation",
    "tags": ["paper"],
    "metric": "test_acc",
    "base": {"epochs": 2},
    "ablate": {"granularity": ["binary", "channel"]},
    "seeds": [0, 1],
}


def succeed(db: Database, run_id: str, acc: float) -> None:
    attempt = claim_run(db, run_id)
    with db.write() as session:
        metrics.write_metrics(session, run_id, [("test_acc", 5, 1, acc)], attempt=attempt)
        lifecycle.succeed(session, run_id, attempt)


@pytest.fixture
def study(client: httpx.Client) -> dict[str, Any]:
    answer = client.post("/studies", json=DOCUMENT)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def runs_of(client: httpx.Client, study_id: str) -> list[dict[str, Any]]:
    """Runs in the order in which the study made them."""
    items: list[dict[str, Any]] = client.get("/runs", params={"study_id": study_id}).json()["items"]
    return items[::-1]


def test_a_study_queues_its_runs(client: httpx.Client, study: dict[str, Any]) -> None:
    assert (study["status"], study["total"], study["counts"]["queued"]) == ("queued", 4, 4)
    assert (study["progress"], study["eta_seconds"], study["factors"]) == (0, None, ["granularity"])
    runs = runs_of(client, study["id"])
    assert [run["spec"]["seed"] for run in runs] == [0, 0, 1, 1]
    assert runs[0]["name"] == "ablation granularity=binary seed=0"
    assert runs[0]["tags"] == ["paper"]
    assert client.get(f"/studies/{study['id']}").json() == study
    assert client.get("/studies").json()["items"] == [study]


def test_a_plan_queues_nothing(client: httpx.Client) -> None:
    plan = client.post("/studies/plan", json=DOCUMENT).json()

    assert plan == {
        "runs": 4,
        "factors": ["granularity"],
        "cells": [{"granularity": "binary"}, {"granularity": "channel"}],
    }
    assert client.get("/runs").json()["total"] == 0


def test_the_same_key_creates_once(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "key-1"}
    first = client.post("/studies", json=DOCUMENT, headers=headers).json()
    again = client.post("/studies", json=DOCUMENT, headers=headers).json()
    other = client.post("/studies", json={**DOCUMENT, "seeds": 1}, headers=headers)

    assert first["id"] == again["id"]
    assert other.status_code == 409
    assert client.post("/runs", json={"spec": {}}, headers=headers).status_code == 409
    assert client.get("/runs").json()["total"] == 4


def test_the_table_shows_what_failed_and_what_is_missing(
    client: httpx.Client, services: Services, study: dict[str, Any], tmp_path: Path
) -> None:
    binary_0, channel_0, binary_1, channel_1 = (run["id"] for run in runs_of(client, study["id"]))
    make_model(services, tmp_path, run_id=binary_0)
    succeed(services.db, binary_1, 0.9)
    attempt = claim_run(services.db, channel_0)
    with services.db.write() as session:
        metrics.write_metrics(session, channel_0, [("test_acc", 5, 1, 0.2)], attempt=attempt)
        lifecycle.fail(session, channel_0, attempt, reason="loss_not_finite", detail="NaN")
    client.post(f"/runs/{channel_1}/cancel")
    client.delete(f"/runs/{channel_1}")

    table = client.get(f"/studies/{study['id']}/table").json()

    assert (table["metric"], table["goal"], table["complete"]) == ("test_acc", "maximize", True)
    binary, channel = table["cells"]
    assert (binary["n"], binary["runs"], binary["failed"]) == (2, 2, 0)
    assert binary["mean"] == pytest.approx(0.93)
    assert binary["std"] == pytest.approx(0.0424, abs=1e-4)
    assert binary["verdicts"] == {"exact": 1}
    assert (channel["n"], channel["runs"], channel["failed"]) == (0, 1, 1)
    assert (channel["mean"], channel["std"], channel["values"]) == (None, None, [])
    other = client.get(f"/studies/{study['id']}/table", params={"metric": "nothing"}).json()
    assert [cell["n"] for cell in other["cells"]] == [0, 0]


def test_progress_and_end(client: httpx.Client, services: Services, study: dict[str, Any]) -> None:
    ids = [run["id"] for run in runs_of(client, study["id"])]
    succeed(services.db, ids[0], 0.9)
    attempt = claim_run(services.db, ids[1])
    progress = {"epoch": 1, "epochs": 2, "step": 5, "steps": 10, "eta_seconds": 4.0}
    with services.db.write() as session:
        lifecycle.save_progress(session, ids[1], attempt, progress)

    now = client.get(f"/studies/{study['id']}").json()
    assert (now["status"], now["progress"], now["finished_at"]) == ("running", 0.375, None)
    assert now["eta_seconds"] >= 4.0
    assert client.get(f"/runs/{ids[1]}").json()["progress"]["step"] == 5

    with services.db.write() as session:
        lifecycle.succeed(session, ids[1], attempt)
    for run_id in ids[2:]:
        succeed(services.db, run_id, 0.8)
    end = client.get(f"/studies/{study['id']}").json()
    assert (end["status"], end["progress"], end["eta_seconds"]) == ("finished", 1, 0)
    assert end["finished_at"] is not None


def test_cancel_then_delete(client: httpx.Client, study: dict[str, Any]) -> None:
    path = f"/studies/{study['id']}"

    assert client.delete(path).status_code == 409
    cancelled = client.post(f"{path}/cancel").json()
    assert (cancelled["status"], cancelled["counts"]["cancelled"]) == ("cancelled", 4)
    assert client.post(f"{path}/cancel").status_code == 409
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get("/runs").json()["total"] == 0

    (deleted,) = client.get("/studies", params={"deleted": "true"}).json()["items"]
    assert deleted["id"] == study["id"]
    assert client.post(f"/runs/{a_deleted_run(client)}/restore").status_code == 409
    restored = client.post(f"{path}/restore").json()
    assert (restored["counts"], client.get(path).json()) == (cancelled["counts"], restored)
    assert client.get("/runs").json()["total"] == 4
    assert client.post("/studies/stu_none/restore").status_code == 404


def a_deleted_run(client: httpx.Client) -> str:
    """Id of a deleted run."""
    found: str = client.get("/runs", params={"deleted": "true"}).json()["items"][0]["id"]
    return found


def test_a_large_study_is_made_in_one_request(client: httpx.Client) -> None:
    answer = client.post("/studies", json={"name": "large", "seeds": 1000})

    assert (answer.status_code, answer.json()["total"]) == (201, 1000)
