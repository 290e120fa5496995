"""Runs of people's own scripts over HTTP: begun once, shown, filtered, compared."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from server.api.services import Services
from server.storage import lifecycle, metrics
from server.storage.states import RunStatus
from tests.server.api.conftest import LiveServer
from tests.support.runs import claim_run, expire, reap, run_in

ID = "run_" + "1" * 26
DOCUMENT: dict[str, Any] = {
    "name": "elsewhere",
    "config": {"optimizer": {"name": "lamb", "lr": 0.5}, "seed": 0, "lr": "cosine"},
}


def begin(client: httpx.Client, **changes: Any) -> dict[str, Any]:
    answer = client.post("/runs/scripts", json={**DOCUMENT, **changes})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def log(client: httpx.Client, run_id: str, acc: float) -> None:
    body = {"metrics": {"test_acc": [{"step": 1, "value": acc}]}}
    assert client.post(f"/runs/{run_id}/metrics", json=body).status_code == 200


def found(client: httpx.Client, text: str) -> list[str]:
    answer = client.get("/runs", params={"filter": text})
    assert answer.status_code == 200, answer.text
    return [run["name"] for run in answer.json()["items"]]


def test_a_run_begins_runs_and_ends(client: httpx.Client) -> None:
    made = begin(client, id=ID, host="laptop")
    assert (made["id"], made["status"], made["source"]) == (ID, "running", "script")
    assert made["spec"] == {
        "optimizer.name": "lamb",
        "optimizer.lr": 0.5,
        "seed": 0,
        "lr": "cosine",
    }
    assert [each["host"] for each in made["attempts"]] == ["laptop"]
    log(client, ID, 0.5)
    beat = client.post(f"/runs/{ID}/beat").json()
    assert beat == {"status": "running", "lease_seconds": 300.0}
    assert client.put(f"/runs/{ID}/files/a.txt", content=b"x").status_code == 200

    said = {"status": "failed", "exit_code": 3, "detail": "boom"}
    ended = client.post(f"/runs/{ID}/finish", json=said).json()
    assert (ended["status"], ended["detail"], ended["summary"]) == (
        "failed",
        "boom",
        {"test_acc": 0.5},
    )
    assert ended["attempts"][0]["exit"] == "exit code 3"
    assert client.post(f"/runs/{ID}/finish", json={}).json()["status"] == "failed"
    refused = client.post(f"/runs/{ID}/retry")
    assert refused.status_code == 409
    assert "start the script again" in refused.json()["detail"]


def test_it_begins_once_however_often_it_is_sent(client: httpx.Client) -> None:
    assert [begin(client, id=ID)["id"] for _ in range(2)] == [ID, ID]
    assert client.post("/runs/scripts", json={"id": ID, "name": "other"}).status_code == 409
    headers = {"Idempotency-Key": "key"}
    by_key = [client.post("/runs/scripts", json={}, headers=headers).json() for _ in range(2)]
    assert by_key[0]["id"] == by_key[1]["id"] != ID
    assert client.get("/runs").json()["total"] == 2


def test_one_that_was_deleted_does_not_begin_again(client: httpx.Client) -> None:
    begin(client, id=ID)
    client.post(f"/runs/{ID}/cancel")
    client.delete(f"/runs/{ID}")
    assert client.post("/runs/scripts", json={**DOCUMENT, "id": ID}).status_code == 409


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"config": {"a": {"b": 1}, "a.b": 2}}, 422, "'a.b' is there twice"),
        ({"config": {"x" * 300: 1}}, 422, "more than 200 characters"),
        ({"id": "run_1"}, 422, "String should match"),
        ({"study_id": "stu_none"}, 404, "there is no study"),
        ({"conifg": {}}, 422, "did you mean 'config'?"),
        ({"started_at": "1900-01-01T00:00:00Z"}, 422, "greater than"),
    ],
)
def test_mistakes_are_named(
    shared: LiveServer, changes: dict[str, Any], status: int, said: str
) -> None:
    answer = shared.client.post("/runs/scripts", json={**DOCUMENT, **changes})
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


def test_cancelling_is_told_and_a_lost_one_goes_on(
    client: httpx.Client, services: Services
) -> None:
    lost, unwanted = begin(client)["id"], begin(client)["id"]
    assert client.post(f"/runs/{unwanted}/cancel").json()["status"] == "cancelled"
    assert client.post(f"/runs/{unwanted}/beat").json()["status"] == "cancelled"
    expire(services.db, lost)
    assert reap(services.db) == []
    assert client.get(f"/runs/{lost}").json()["reason"] == "lost"
    assert client.post(f"/runs/{lost}/beat").json()["status"] == "running"
    of_worker = run_in(services.db, RunStatus.FAILED)
    assert client.post(f"/runs/{of_worker}/beat").status_code == 409


def test_filters_ask_for_what_scripts_gave(client: httpx.Client, services: Services) -> None:
    run_in(services.db, RunStatus.FAILED, name="ours", spec={"lr": 0.5, "optimizer": "adam"})
    begin(client, config={**DOCUMENT["config"], "deep": True, "epochs": 7, "schedule": "wsd"})
    for text, names in {
        "spec.optimizer.lr = 0.5": ["elsewhere"],
        'spec.optimizer.name in ("lamb", "sgd")': ["elsewhere"],
        "spec.deep = true": ["elsewhere"],
        "spec.deep = 1": [],
        "spec.deep = null": ["ours"],
        "spec.lr = 0.5": ["ours"],
        "spec.lr > 0": ["ours"],
        "spec.compile = true": [],
        "spec.epochs = 7": ["elsewhere"],
        'spec.schedule = "wsd"': ["elsewhere"],
        'source = "script"': ["elsewhere"],
        'not source = "script"': ["ours"],
    }.items():
        assert found(client, text) == names, text
    for text in ("spec.depe = true", 'spec.schedule = "wds"', 'source = "scripts"'):
        assert client.get("/runs", params={"filter": text}).status_code == 422, text


ABLATION: dict[str, Any] = {
    "name": "ablation",
    "ablate": {"granularity": ["binary", "channel"]},
    "seeds": 5,
}
OURS = {
    "binary": [0.90, 0.91, 0.92, 0.905, 0.915],
    "channel": [0.904, 0.915, 0.923, 0.909, 0.920],
}
THEIRS = [0.88, 0.895, 0.899, 0.884, 0.896]


def measured_study(client: httpx.Client, services: Services, **changes: Any) -> str:
    """An ablation whose runs have succeeded, and a script's runs of the same seeds beside it."""
    answer = client.post("/studies", json={**ABLATION, **changes})
    assert answer.status_code == 201, answer.text
    study_id: str = answer.json()["id"]
    page = client.get("/runs", params={"study_id": study_id, "limit": 200}).json()
    for run in page["items"]:
        acc = OURS[run["spec"]["granularity"]][run["spec"]["seed"]]
        attempt = claim_run(services.db, run["id"])
        with services.db.write() as session:
            points: list[metrics.Point] = [("test_acc", 1, 1, acc)]
            metrics.write_metrics(session, run["id"], points, attempt=attempt)
            lifecycle.succeed(session, run["id"], attempt)
    for seed, acc in enumerate(THEIRS):
        # A level of the study's factor: it still is no run of ours.
        config = {"seed": seed, "granularity": "binary"}
        begun = begin(client, name="perceptron", config=config, study_id=study_id)["id"]
        log(client, begun, acc)
        client.post(f"/runs/{begun}/finish", json={})
    return study_id


def test_a_baseline_from_elsewhere_is_compared_seed_by_seed(
    client: httpx.Client, services: Services
) -> None:
    from scipy.stats import ttest_rel

    study_id = measured_study(client, services)
    seedless = begin(client, name="seedless", config={}, study_id=study_id)["id"]
    log(client, seedless, 0.5)
    client.post(f"/runs/{seedless}/finish", json={})
    table = client.get(f"/studies/{study_id}/table").json()

    binary, channel, perceptron, other = table["cells"]
    assert (binary["script"], binary["n"], binary["baseline"]) == (None, 5, True)
    assert (perceptron["script"], perceptron["n"], perceptron["runs"]) == ("perceptron", 5, 5)
    assert perceptron["levels"] == {"granularity": "binary"}
    versus = perceptron["comparison"]
    assert versus["n"] == 5
    assert versus["mean"] == pytest.approx(
        sum(a - b for a, b in zip(THEIRS, OURS["binary"], strict=True)) / 5
    )
    wanted = ttest_rel(THEIRS, OURS["binary"]).pvalue
    assert versus["p_uncorrected"] == pytest.approx(wanted, rel=1e-12)
    assert versus["finding"] == "worse"
    assert versus["sentence"].startswith("perceptron granularity=binary is worse than binary by")
    assert (other["script"], other["n"], other["comparison"]["finding"]) == (
        "seedless",
        1,
        "untested",
    )
    assert channel["comparison"]["finding"] == "better"
    study = client.get(f"/studies/{study_id}").json()
    assert (study["status"], study["total"]) == ("finished", 10)


def test_the_baseline_may_be_the_one_from_elsewhere(
    client: httpx.Client, services: Services
) -> None:
    study_id = measured_study(client, services, baseline={"script": "perceptron"})
    table = client.get(f"/studies/{study_id}/table").json()

    assert [cell["baseline"] for cell in table["cells"]] == [False, False, True]
    sentences = [cell["comparison"]["sentence"] for cell in table["cells"][:2]]
    assert all("beats perceptron granularity=binary by" in sentence for sentence in sentences)
    report = client.get(f"/studies/{study_id}/report").text
    assert "| perceptron: binary | 89.08 ± 0.83 | 5 |" in report
    assert "runs are not in the mean" not in report


def test_a_study_without_factors_names_both(client: httpx.Client) -> None:
    study_id = client.post("/studies", json={"name": "one", "seeds": 1}).json()["id"]
    begun = begin(client, study_id=study_id)["id"]
    log(client, begun, 0.5)
    client.post(f"/runs/{begun}/finish", json={})
    report = client.get(f"/studies/{study_id}/report", params={"format": "csv"}).text
    header, theirs, ours = report.splitlines()
    assert header.startswith("study,")
    assert (ours.split(",")[0], theirs.split(",")[0]) == ("all", "elsewhere")
