"""Groups, differences and overlays over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from rscore.spec import RunSpec
from server.api import comparisons
from server.storage.database import Database
from server.storage.metrics import write_metrics
from server.storage.states import RunStatus
from server.studies import significance
from tests.conftest import SettingsFactory
from tests.server.api.conftest import LiveServer, serving
from tests.support.runs import run_in

FULL = RunSpec(dataset="digits").model_dump(mode="json")


@pytest.fixture(params=["embedded", "team"])
def live(
    request: pytest.FixtureRequest, settings: SettingsFactory, tmp_path: Any
) -> Iterator[LiveServer]:
    """The server on each database."""
    with serving(settings(request.param), web_folder=tmp_path / "no-web") as server:
        yield server


@pytest.fixture
def db(services: Any) -> Database:
    """The server's own database."""
    found: Database = services.db
    return found


def measured(
    db: Database, acc: float | None, status: RunStatus = RunStatus.SUCCEEDED, **spec: Any
) -> str:
    run_id = run_in(db, status, spec=FULL | spec)
    if acc is not None:
        with db.write() as session:
            write_metrics(session, run_id, [("test_acc", 1, 0, acc)], attempt=None)
    return run_id


def ablation(db: Database) -> dict[str, list[str]]:
    """Ids of runs by granularity: three seeds each, one of them failed."""
    found: dict[str, list[str]] = {"binary": [], "channel": []}
    for seed in range(3):
        found["binary"].append(measured(db, 0.5 + seed / 100, granularity="binary", seed=seed))
        found["channel"].append(measured(db, 0.6 + seed / 50, granularity="channel", seed=seed))
    found["channel"].append(measured(db, 0.1, RunStatus.FAILED, granularity="channel", seed=3))
    return found


def test_groups_with_the_statistics_of_studies(client: httpx.Client, db: Database) -> None:
    ids = ablation(db)
    values = [0.6, 0.62, 0.64]
    interval = significance.t_interval(values)
    bootstrap = significance.bca_interval(values)
    pair = significance.paired(dict(enumerate(values)), {0: 0.5, 1: 0.51, 2: 0.52})
    assert interval is not None
    assert bootstrap is not None
    assert pair is not None
    answer = client.post(
        "/runs/groups",
        json={
            "filter": 'spec.dataset = "digits"',
            "baseline": {"granularity": "binary"},
            "bootstrap": True,
        },
    ).json()
    assert (answer["by"], answer["total"], answer["complete"]) == (["granularity"], 7, True)
    assert answer["goals"] == {"test_acc": "maximize"}
    binary, channel = answer["groups"]
    assert binary["levels"] == {"granularity": "binary"}
    assert binary["baseline"]
    assert binary["metrics"][0]["comparison"] is None
    assert channel["run_ids"] == ids["channel"]
    assert channel["counts"] == {"succeeded": 3, "failed": 1}
    (found,) = channel["metrics"]
    assert found["values"] == values
    assert found["interval"] == {"low": interval.low, "high": interval.high}
    assert found["bootstrap"] == {"low": bootstrap.low, "high": bootstrap.high}
    assert found["comparison"]["p_uncorrected"] == pair.p_t
    assert found["comparison"]["mean"] == pair.mean
    assert found["comparison"]["sentence"].startswith("channel beats binary by")


def test_groups_of_runs_that_did_not_end(client: httpx.Client, db: Database) -> None:
    measured(db, None, RunStatus.QUEUED, granularity="layer")
    answer = client.post("/runs/groups", json={"by": ["spec.granularity"]}).json()
    (group,) = answer["groups"]
    assert not answer["complete"]
    assert group["counts"] == {"queued": 1}
    assert group["metrics"][0] | {"values": []} == {
        "metric": "test_acc",
        "n": 0,
        "lacking": 0,
        "mean": None,
        "std": None,
        "interval": None,
        "bootstrap": None,
        "comparison": None,
        "values": [],
    }


def test_a_script_stands_beside_the_workers(client: httpx.Client, db: Database) -> None:
    ablation(db)
    config = {"opt": {"lr": 1}, "seed": 0}
    begun = client.post("/runs/scripts", json={"name": "theirs", "config": config})
    run_id = begun.raise_for_status().json()["id"]
    batch = {"metrics": {"test_acc": [{"step": 1, "value": 0.9}]}}
    client.post(f"/runs/{run_id}/metrics", json=batch).raise_for_status()
    client.post(f"/runs/{run_id}/finish", json={}).raise_for_status()
    answer = client.post(
        "/runs/groups", json={"by": ["granularity", "opt.lr"], "baseline": {"script": "theirs"}}
    ).json()
    theirs = next(group for group in answer["groups"] if group["script"])
    assert theirs["script"] == "theirs"
    assert theirs["levels"] == {"granularity": None, "opt.lr": 1}
    sentences = [
        group["metrics"][0]["comparison"]["sentence"]
        for group in answer["groups"]
        if not group["baseline"]
    ]
    assert all("theirs" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("body", "path", "hint"),
    [
        ({"by": ["granularty"]}, "by", "did you mean 'granularity'?"),
        ({"metrics": ["test_ac"]}, "metrics", "did you mean 'test_acc'?"),
        ({"baseline": {"granularity": "layer"}}, "baseline", "there are: "),
        ({"filter": "spec.granularty = 1"}, "filter", "did you mean 'spec.granularity'?"),
    ],
)
def test_a_group_request_that_cannot_be_met(
    client: httpx.Client, db: Database, body: dict[str, Any], path: str, hint: str
) -> None:
    ablation(db)
    answer = client.post("/runs/groups", json=body)
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert problem["path"] == path
    assert hint in problem["hint"]


def test_too_many_runs_are_refused(
    client: httpx.Client, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ablation(db)
    monkeypatch.setattr(comparisons, "MOST_GROUPED", 6)
    answer = client.post("/runs/groups", json={})
    assert answer.status_code == 422
    assert "7 runs are selected, and at most 6" in answer.json()["detail"]


def test_only_what_differs(client: httpx.Client, db: Database) -> None:
    ids = ablation(db)
    asked = [ids["binary"][0], ids["channel"][1]]
    answer = client.get("/runs/differences", params={"run_id": asked}).json()
    assert answer["run_ids"] == asked
    assert {field["name"]: field["values"] for field in answer["fields"]} == {
        "granularity": ["binary", "channel"],
        "seed": [0, 1],
    }
    assert answer["same"] == len(FULL) - 2
    assert answer["identical"] == []


def test_a_field_that_is_new_has_its_default(client: httpx.Client, db: Database) -> None:
    old = {name: value for name, value in FULL.items() if name != "surrogate_width"}
    ids = [run_in(db, RunStatus.QUEUED, spec=spec) for spec in (FULL, old)]
    answer = client.get("/runs/differences", params={"run_id": ids}).json()
    assert answer["fields"] == []
    assert answer["identical"] == [ids]


def test_differences_of_a_run_that_is_not_there(client: httpx.Client, db: Database) -> None:
    run_id = measured(db, None)
    assert client.get("/runs/differences", params={"run_id": [run_id, "run_x"]}).status_code == 404
    assert client.get("/runs/differences", params={"run_id": [run_id]}).status_code == 422


def test_overlays_by_id_and_by_filter(client: httpx.Client, db: Database) -> None:
    ids = [run_in(db, RunStatus.SUCCEEDED, spec=FULL | {"seed": seed}) for seed in (0, 1)]
    for run_id in ids:
        with db.write() as session:
            points = [("loss", step, step // 100, float(step % 7)) for step in range(1500)]
            write_metrics(session, run_id, points, attempt=None)
    body = {"run_ids": ids[::-1], "names": ["loss", "acc"], "points": 100}
    answer = client.post("/runs/overlays", json=body).json()
    assert answer["run_ids"] == ids[::-1]
    assert answer["pending"] == []
    assert [(each["run_id"], each["name"]) for each in answer["series"]] == [
        (run_id, name) for run_id in ids[::-1] for name in ("loss", "acc")
    ]
    loss, acc = answer["series"][:2]
    assert loss["total"] == 1500
    assert len(loss["steps"]) == len(loss["values"]) == len(loss["epochs"]) <= 100
    assert (loss["steps"][0], loss["steps"][-1], loss["epochs"][-1]) == (0, 1499, 14)
    assert {0.0, 6.0} <= set(loss["values"])
    assert acc == {
        "run_id": ids[1],
        "name": "acc",
        "total": 0,
        "steps": [],
        "values": [],
        "epochs": [],
    }
    chosen = client.post("/runs/overlays", json={"filter": "spec.seed = 1", "names": ["loss"]})
    assert chosen.json()["run_ids"] == [ids[1]]
    assert client.post("/runs/overlays", json=body).json() == answer


def test_overlays_say_which_runs_are_left(
    client: httpx.Client, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [measured(db, 0.5, seed=seed) for seed in (0, 1)]
    monkeypatch.setattr(comparisons, "READING_SECONDS", -1.0)
    answer = client.post("/runs/overlays", json={"run_ids": ids, "names": ["test_acc"]}).json()
    assert [each["run_id"] for each in answer["series"]] + answer["pending"] == ids


@pytest.mark.parametrize(
    "body",
    [
        {"run_ids": ["run_x"], "filter": "status = 'failed'", "names": ["a"]},
        {"run_ids": ["run_x"], "names": []},
        {"run_ids": ["run_x"] * 201, "names": ["a"]},
        {"run_ids": ["run_x"], "names": ["a"], "points": 1001},
    ],
)
def test_overlays_that_are_refused(client: httpx.Client, body: dict[str, Any]) -> None:
    assert client.post("/runs/overlays", json=body).status_code == 422
