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

    estimates = plan.pop("estimates")
    assert plan == {
        "runs": 4,
        "factors": ["granularity"],
        "cells": [{"granularity": "binary"}, {"granularity": "channel"}],
        "seeds": [0, 1],
        "remarks": [],
        "slots": 0,
        "seconds": None,
    }
    assert [each["parameters"]["low"] for each in estimates] == [6138, 6186]
    assert client.get("/runs").json()["total"] == 0


def test_a_plan_rests_on_finished_runs(
    client: httpx.Client, services: Services, study: dict[str, Any]
) -> None:
    measured = {"epoch_seconds": 0.0, "firing_rate/stage1.0": 0.5, "firing_rate/stage2.2": 0.5}
    run_id = runs_of(client, study["id"])[1]["id"]
    attempt = claim_run(services.db, run_id)
    points = [(name, 5, 1, value) for name, value in measured.items()]
    with services.db.write() as session:
        metrics.write_metrics(session, run_id, points, attempt=attempt)
        lifecycle.succeed(session, run_id, attempt)

    plan = client.post("/studies/plan", json=DOCUMENT).json()
    alone = client.post("/runs/plan", json={"spec": {"granularity": "channel"}}).json()

    for estimate in (*plan["estimates"], alone["estimate"]):
        assert estimate["firing_rate"] == {"low": 0.5, "high": 0.5}
        assert estimate["seconds"]["low"] == estimate["seconds"]["high"] < 60
    assert "the same but for their seed" in plan["estimates"][1]["basis"][1]
    assert plan["seconds"]["high"] >= plan["estimates"][0]["seconds"]["high"]
    assert alone["name"] == "digits small-conv channel T=4 seed=0"


def test_a_sweep_is_planned_between_the_ends_of_its_ranges(client: httpx.Client) -> None:
    document = {
        "method": "random",
        "run_cap": 3,
        "parameters": {"width": {"min": 4, "max": 8}, "lr": {"min": 0.001, "max": 0.1}},
    }
    plan = client.post("/studies/plan", json=document).json()
    assert (plan["runs"], plan["cells"]) == (3, [])
    (trial,) = plan["estimates"]
    assert trial["neurons"] == {"low": 4 * 64 + 8 * 16, "high": 8 * 64 + 16 * 16}


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
    assert (binary["baseline"], channel["baseline"]) == (True, False)
    assert channel["comparison"]["finding"] == "untested"
    assert "no seed in common" in channel["comparison"]["sentence"]


def test_a_metric_that_no_run_has_is_named_with_the_nearest(
    client: httpx.Client, services: Services, study: dict[str, Any]
) -> None:
    table = f"/studies/{study['id']}/table"
    assert client.get(table, params={"metric": "anything"}).status_code == 200
    succeed(services.db, runs_of(client, study["id"])[0]["id"], 0.9)
    problem = client.get(table, params={"metric": "test_ac"})
    assert problem.status_code == 422
    assert problem.json()["errors"][0]["hint"] == "did you mean 'test_acc'?"


@pytest.fixture
def finished(client: httpx.Client, services: Services) -> dict[str, Any]:
    """A study over five seeds in which channel is better, and one run of element has failed."""
    document = DOCUMENT | {
        "name": "paper",
        "seeds": 5,
        "ablate": {"granularity": ["binary", "channel", "element"]},
        "references": [{"name": "elsewhere", "value": 93.4, "source": "a paper, table 2"}],
    }
    study: dict[str, Any] = client.post("/studies", json=document).json()
    for run in runs_of(client, study["id"]):
        kind, seed = run["spec"]["granularity"], run["spec"]["seed"]
        gain = {"binary": 0.0, "channel": 0.004 + 0.0005 * (seed % 2), "element": 0.0}[kind]
        if (kind, seed) == ("element", 4):
            attempt = claim_run(services.db, run["id"])
            with services.db.write() as session:
                lifecycle.fail(session, run["id"], attempt, reason="out_of_memory", detail="-")
        else:
            succeed(services.db, run["id"], 0.9 + 0.003 * seed + gain)
    return study


def test_the_table_compares_by_seed_and_says_what_it_means(
    client: httpx.Client, finished: dict[str, Any]
) -> None:
    table = client.get(f"/studies/{finished['id']}/table").json()
    binary, channel, element = table["cells"]
    assert binary["interval"]["low"] < binary["mean"] < binary["interval"]["high"]
    assert binary["bootstrap"]["low"] < binary["mean"] < binary["bootstrap"]["high"]
    found = channel["comparison"]
    assert (found["n"], found["finding"]) == (5, "better")
    assert found["mean"] == pytest.approx(0.0042)
    assert found["p"] == pytest.approx(2 * found["p_uncorrected"])
    assert found["sentence"].startswith("channel beats binary by 0.42 ± 0.03 points, p < 0.001")
    assert (element["n"], element["failed"], element["comparison"]["finding"]) == (4, 1, "equal")
    assert table["references"] == [
        {"name": "elsewhere", "value": 93.4, "source": "a paper, table 2"}
    ]


@pytest.mark.parametrize(
    ("form", "media", "part"),
    [
        ("markdown", "text/markdown", "| binary | 90.60 ± 0.47 | 5 |"),
        ("latex", "application/x-latex", r"\toprule"),
        ("csv", "text/csv", "binary,90.60 ± 0.47,5,"),
        ("html", "text/html", "<td>90.60 ± 0.47</td>"),
    ],
)
def test_a_report_in_every_format_links_runs_and_names_sources(
    client: httpx.Client, finished: dict[str, Any], form: str, media: str, part: str
) -> None:
    answer = client.get(f"/studies/{finished['id']}/report", params={"format": form})
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert part in answer.text
    for run in runs_of(client, finished["id"]):
        assert run["id"] in answer.text
    if form != "csv":
        assert "a paper, table 2" in answer.text
        assert "channel beats binary by 0.42" in answer.text


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


def test_a_study_is_paused_resumed_and_changed_while_it_runs(
    client: httpx.Client, services: Services, study: dict[str, Any]
) -> None:
    at = f"/studies/{study['id']}"
    first = runs_of(client, study["id"])[0]["id"]
    attempt = claim_run(services.db, first)
    paused = client.post(f"{at}/pause").json()
    assert (paused["status"], paused["counts"]["paused"]) == ("running", 3)
    with services.db.write() as session:
        lifecycle.succeed(session, first, attempt)
    assert client.get(at).json()["status"] == "paused"
    resumed = client.post(f"{at}/resume").json()
    assert (resumed["status"], resumed["counts"]["queued"]) == ("running", 3)
    assert client.post(f"{at}/resume").status_code == 409
    changed = client.patch(at, json={"priority": 7, "parallel": 2}).json()
    assert changed["parallel"] == 2
    priorities = [run["priority"] for run in runs_of(client, study["id"])]
    assert priorities == [0, 7, 7, 7]
    assert client.patch(at, json={"parallel": 0}).status_code == 422
    client.post(f"{at}/cancel")
    assert client.post(f"{at}/pause").status_code == 409


def test_a_sweep_is_queued_without_runs_and_says_how_many_it_will_make(
    client: httpx.Client,
) -> None:
    document = {
        "name": "sweep",
        "method": "bayes",
        "parameters": {"lr": {"min": 0.001, "max": 0.1}},
        "run_cap": 5,
    }
    assert client.post("/studies/plan", json=document).json()["runs"] == 5
    study = client.post("/studies", json=document).json()
    assert (study["status"], study["trials_left"], study["total"]) == ("queued", 5, 0)
    assert client.get(f"/studies/{study['id']}/table").json()["cells"] == []
    assert client.post(f"/studies/{study['id']}/cancel").json()["trials_left"] == 0
