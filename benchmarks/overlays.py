"""Curves of many runs in one call, beside reading the same curves run by run.

Sizes are of the environment, so that it can be tried out small: OVERLAY_RUNS (200),
OVERLAY_METRICS (10) and OVERLAY_POINTS (10000).
"""

from __future__ import annotations

import itertools
import math
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import insert, text

from benchmarks.report import Report
from benchmarks.trackers import JSON, Mlflow, Realspike, mlflow, new_database, realspike
from rscore.spec import RunSpec
from server.storage.database import Database
from server.storage.models import Metric, Run
from tests.support.services import postgres_server

RUNS = int(os.environ.get("OVERLAY_RUNS", "200"))
METRICS = int(os.environ.get("OVERLAY_METRICS", "10"))
POINTS = int(os.environ.get("OVERLAY_POINTS", "10000"))
SHOWN = 300
TURNS = 10
MLFLOW_RUNS = 5
"""MLflow takes minutes to store the points of more."""
COLUMNS = ["database", "what", "implementation", "median s", "worst s", "MB"]
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)

Row = list[str | float | None]


def report() -> Report:
    """The overlays table."""
    load = os.getloadavg()[0]
    rows: list[Row] = []
    with postgres_server() as server:
        with new_database(server) as url, realspike(url) as ours:
            rows += _measure(ours, "Postgres")
        with new_database(server) as url, mlflow(url) as peer:
            if peer is not None:
                rows.append(_beside(peer))
    with tempfile.TemporaryDirectory() as folder, realspike(f"sqlite:///{folder}/o.db") as ours:
        rows += _measure(ours, "SQLite")
    notes = [
        f"{RUNS} ended runs x {METRICS} metrics x {POINTS:,} points, shown with {SHOWN} points a "
        f"curve; {TURNS} turns. Server and database share the machine, load before: {load:.1f}.",
        "first: the rows were put straight into the tables, so nothing was prepared; all calls "
        "until nothing is pending. Runs that end while the server runs are prepared by then.",
        "one by one: GET /runs/{id}/metrics for each run, the way without overlays; once.",
        f"MLflow: get-history-bulk-interval, {SHOWN} points, one call a metric with up to 100 "
        f"runs, measured with {min(RUNS, MLFLOW_RUNS)} runs of the same curves. It picks points at "
        "equal distances, so peaks between them are lost.",
    ]
    return Report("overlays", "Curves of many runs in one call", COLUMNS, rows, notes)


def _measure(ours: Realspike, database: str) -> Iterator[Row]:
    with httpx.Client(base_url=f"{ours.url}/api/v1", timeout=600) as client:
        run_ids = _seed(ours)
        asked = {"run_ids": run_ids, "names": _names(), "points": SHOWN}
        time.sleep(6)  # until the server has looked at its log of events
        seconds, size = _all(client, asked)
        yield [database, "first", ours.name, seconds, seconds, size / 1e6]
        times = []
        for _ in range(TURNS):
            began = time.perf_counter()
            answer = client.post("/runs/overlays", json=asked).raise_for_status()
            times.append(time.perf_counter() - began)
        found = answer.json()
        if found["pending"] or sum(each["total"] for each in found["series"]) != (
            RUNS * METRICS * POINTS
        ):
            raise RuntimeError("overlays lack points")
        middle = statistics.median(times)
        size = len(answer.content)
        yield [database, "every later call", ours.name, middle, max(times), size / 1e6]
        began = time.perf_counter()
        for run_id in run_ids:
            params: dict[str, Any] = {"name": _names(), "max_points": SHOWN}
            client.get(f"/runs/{run_id}/metrics", params=params).raise_for_status()
        seconds = time.perf_counter() - began
        yield [database, "one by one", ours.name, seconds, seconds, None]


def _all(client: httpx.Client, asked: dict[str, Any]) -> tuple[float, int]:
    began, size, left = time.perf_counter(), 0, asked["run_ids"]
    while left:
        answer = client.post("/runs/overlays", json=asked | {"run_ids": left}).raise_for_status()
        size, left = size + len(answer.content), answer.json()["pending"]
    return time.perf_counter() - began, size


def _names() -> list[str]:
    return [f"metric_{number:02}" for number in range(METRICS)]


def _curve(run: int, metric: int) -> Iterator[tuple[int, float]]:
    for step in range(POINTS):
        yield step, math.exp(-3 * step / POINTS) + 0.1 * math.sin(step * (1 + run + metric / 10))


def _seed(ours: Realspike) -> list[str]:
    """Ended runs with their points, put straight into the tables."""
    with httpx.Client(base_url=ours.url) as client:
        ours.new_run(client)  # its event is where the server begins to follow
    spec = RunSpec().model_dump(mode="json")
    run_ids = [f"run_{number:026}" for number in range(RUNS)]
    database = Database(ours.database_url)
    for number, run_id in enumerate(run_ids):
        with database.write() as session:
            session.execute(insert(Run), [_run(run_id, spec | {"seed": number})])
            for metric, name in enumerate(_names()):
                rows = (
                    {
                        "run_id": run_id,
                        "name": name,
                        "step": step,
                        "epoch": step // 100,
                        "value": value,
                        "recorded_at": BEGAN,
                    }
                    for step, value in _curve(number, metric)
                )
                while part := list(itertools.islice(rows, 10_000)):
                    session.execute(insert(Metric.__table__), part)  # type: ignore[arg-type]
    if database.dialect == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
            plain.execute(text("VACUUM ANALYZE metric"))
    database.close()
    return run_ids


def _run(run_id: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": run_id,
        "name": run_id,
        "experiment": "seeded",
        "tags": [],
        "spec": spec,
        "spec_digest": "0" * 64,
        "priority": 0,
        "status": "succeeded",
        "attempt": 1,
        "lost": 0,
        "cancel_requested": False,
        "summary": {},
        "created_at": BEGAN,
        "started_at": BEGAN,
        "finished_at": BEGAN,
    }


def _beside(peer: Mlflow) -> Row:
    """MLflow's call of its own compare page, metric by metric."""
    with httpx.Client(base_url=peer.url, timeout=600) as client:
        run_ids = [peer.new_run(client) for _ in range(min(RUNS, MLFLOW_RUNS))]
        for number, run_id in enumerate(run_ids):
            for metric, name in enumerate(_names()):
                curve = _curve(number, metric)
                while part := list(itertools.islice(curve, 1000)):
                    path, body = peer.batch(run_id, [(name, *point) for point in part])
                    client.post(path, content=body, headers=JSON).raise_for_status()
        began, size = time.perf_counter(), 0
        for name in _names():
            answer = client.get(
                "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
                params={"run_ids": run_ids, "metric_key": name, "max_results": SHOWN},
            )
            size += len(answer.raise_for_status().content)
        seconds = time.perf_counter() - began
    what = f"its own call, {len(run_ids)} runs only"
    return ["Postgres", what, peer.name, seconds, seconds, size / 1e6]
