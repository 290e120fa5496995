from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from server.api.services import Services
from server.storage import histograms
from server.storage.states import RunStatus
from tests.server.api.conftest import LiveServer
from tests.support.runs import claim_run, make_run, report_death, run_in


@pytest.fixture
def client(shared: LiveServer) -> httpx.Client:
    return shared.client


@pytest.fixture
def services(shared: LiveServer) -> Services:
    return shared.services


@pytest.fixture
def path(services: Services) -> str:
    """Where a script writes metrics of a run that has ended."""
    return f"/runs/{run_in(services.db, RunStatus.SUCCEEDED)}/metrics"


def points(count: int) -> list[dict[str, Any]]:
    return [{"step": step, "value": float(step % 100), "epoch": 0} for step in range(count)]


def test_written_points_are_read_back(client: httpx.Client, path: str) -> None:
    body = {"metrics": {"loss": points(3), "acc/x": [{"step": 2, "value": 0.5}]}}
    assert client.post(path, json=body).json() == {"points": 4}
    again = {"metrics": {"loss": [{"step": 2, "value": 7}]}}
    assert client.post(path, json=again).json() == {"points": 1}

    both = client.get(path).json()["series"]
    assert both[1] == {
        "name": "loss",
        "total": 3,
        "steps": [0, 1, 2],
        "values": [0, 1, 7],
        "epochs": [0, 0, None],
    }
    one = client.get(path, params={"name": ["acc/x", "none"]}).json()["series"]
    assert [(series["name"], series["total"]) for series in one] == [("acc/x", 1), ("none", 0)]
    run = client.get(path.removesuffix("/metrics")).json()
    assert run["summary"] == {"loss": 7, "acc/x": 0.5}


def test_long_series_are_thinned(client: httpx.Client, path: str) -> None:
    client.post(path, json={"metrics": {"loss": points(5000)}})

    (series,) = client.get(path, params={"max_points": 50}).json()["series"]
    assert series["total"] == 5000
    assert len(series["steps"]) <= 50
    assert (series["steps"][0], series["steps"][-1]) == (0, 4999)
    assert (min(series["values"]), max(series["values"])) == (0, 99)


def test_a_superseded_attempt_writes_nothing(client: httpx.Client, services: Services) -> None:
    run_id = run_in(services.db, RunStatus.RUNNING)
    path = f"/runs/{run_id}/metrics"
    body: dict[str, Any] = {"metrics": {"loss": points(1)}}
    assert client.post(path, json={**body, "attempt": 1}).status_code == 200
    report_death(services.db, run_id, 1)
    assert claim_run(services.db, run_id, worker_id="worker-2") == 2

    for attempt in (1, 3):
        late = {"metrics": {"loss": points(5)}, "attempt": attempt}
        stale = client.post(path, json=late)
        assert (stale.status_code, stale.json()["type"]) == (409, "/problems/stale-attempt")
        assert stale.json()["detail"] == (
            f"attempt {attempt} no longer owns run {run_id}; nothing was written"
        )
    unnumbered = client.post(path, json=body)
    assert unnumbered.status_code == 409
    assert "only the attempt that trains it may write" in unnumbered.json()["detail"]
    (series,) = client.get(path).json()["series"]
    assert series["total"] == 1
    assert client.post(path, json={**body, "attempt": 2}).status_code == 200


def test_writers_at_once_are_all_answered_and_lose_nothing(client: httpx.Client, path: str) -> None:
    def write(writer: int) -> list[int]:
        bodies = [
            {"metrics": {f"w{writer}": [{"step": 2 * turn + n, "value": turn} for n in (0, 1)]}}
            for turn in range(6)
        ]
        return [client.post(path, json=body).status_code for body in bodies]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(8))) == [[200] * 6] * 8

    found = client.get(path).json()["series"]
    assert [(series["name"], series["steps"]) for series in found] == [
        (f"w{writer}", list(range(12))) for writer in range(8)
    ]
    summary = client.get(path.removesuffix("/metrics")).json()["summary"]
    assert summary == {f"w{writer}": 5 for writer in range(8)}


def test_a_script_is_told_to_wait_until_a_queued_run_has_ended(
    client: httpx.Client, services: Services
) -> None:
    run_id = make_run(services.db)
    path = f"/runs/{run_id}/metrics"
    body = {"metrics": {"loss": points(2)}}
    early = client.post(path, json=body)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/conflict")
    assert early.json()["detail"] == (
        f"run {run_id} is queued, so only the attempt that trains it may write metrics; "
        "wait until it has ended"
    )
    assert client.get(path).json()["series"] == []
    client.post(f"/runs/{run_id}/cancel")
    assert client.post(path, json=body).json() == {"points": 2}


@pytest.mark.parametrize(
    "point",
    [
        '{"step": 1, "value": NaN}',
        '{"step": -1, "value": 1}',
        '{"step": 100000000000000000000, "value": 1}',
        '{"step": 1, "value": 1, "epoch": 9999999999}',
        '{"step": 1, "value": 1e999}',
    ],
)
def test_points_that_cannot_be_stored_are_refused(
    client: httpx.Client, path: str, point: str
) -> None:
    content = f'{{"metrics": {{"loss": [{point}]}}}}'
    answer = client.post(path, content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert client.get(path).json()["series"] == []


def test_histograms_by_name(client: httpx.Client, services: Services) -> None:
    run_id = make_run(services.db)
    attempt = claim_run(services.db, run_id)
    found = [
        histograms.Bins(name, step, step // 10, 0.0, 1.5, [1, step])
        for name in ("amplitude/conv1", "membrane/conv1")
        for step in (20, 10)
    ]
    with services.db.write() as session:
        histograms.write_histograms(session, run_id, found, attempt=attempt)
    path = f"/runs/{run_id}/histograms"

    names = client.get(path).json()
    assert names == {
        "run_id": run_id,
        "names": ["amplitude/conv1", "membrane/conv1"],
        "series": [],
    }
    both = client.get(path, params={"name": ["membrane/conv1", "none"]}).json()["series"]
    assert both[0] == {
        "name": "membrane/conv1",
        "steps": [10, 20],
        "epochs": [1, 2],
        "lows": [0.0, 0.0],
        "highs": [1.5, 1.5],
        "counts": [[1, 10], [1, 20]],
    }
    assert both[1]["steps"] == []
    assert client.get("/runs/run_nowhere/histograms").status_code == 404
