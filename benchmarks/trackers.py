"""Two trackers over HTTP: this one and MLflow, each with a database of its own on one Postgres."""

from __future__ import annotations

import base64
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
import psycopg
from psycopg import sql
from sqlalchemy import URL

from benchmarks.processes import PEERS, free_port, made_environment, serving
from server.storage.database import migrate

MLFLOW = "mlflow==3.17.2"

JSON = {"Content-Type": "application/json"}

Point = tuple[str, int, float]
"""(name, step, value)."""


class Tracker(Protocol):
    """What both can do; a batch is sent as a POST of a JSON body to a path."""

    name: str
    url: str

    def new_run(self, client: httpx.Client) -> str: ...

    def batch(self, run_id: str, points: Sequence[Point]) -> tuple[str, bytes]: ...

    def stored(self, run_id: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Realspike:
    """`python -m server` on a migrated database."""

    url: str
    database_url: str
    name: str = "realspike"

    def new_run(self, client: httpx.Client) -> str:
        """Cancelled: metrics of others than a worker are taken once a run has ended."""
        answer = client.post("/api/v1/runs", json={"spec": {}})
        run_id = str(answer.raise_for_status().json()["id"])
        client.post(f"/api/v1/runs/{run_id}/cancel").raise_for_status()
        return run_id

    def batch(self, run_id: str, points: Sequence[Point]) -> tuple[str, bytes]:
        metrics: dict[str, list[dict[str, float]]] = {}
        for name, step, value in points:
            metrics.setdefault(name, []).append({"step": step, "value": value})
        return f"/api/v1/runs/{run_id}/metrics", json.dumps({"metrics": metrics}).encode()

    def stored(self, run_id: str) -> int:
        return _count(self.database_url, "SELECT count(*) FROM metric WHERE run_id = %s", run_id)


@dataclass(frozen=True, slots=True)
class Mlflow:
    """`mlflow server` with its usual number of workers, job execution off."""

    url: str
    database_url: str
    name: str = MLFLOW.replace("==", " ").replace("mlflow", "MLflow")

    def new_run(self, client: httpx.Client) -> str:
        asked = {"experiment_id": "0", "start_time": _milliseconds()}
        answer = client.post("/api/2.0/mlflow/runs/create", json=asked)
        return str(answer.raise_for_status().json()["run"]["info"]["run_id"])

    def batch(self, run_id: str, points: Sequence[Point]) -> tuple[str, bytes]:
        moment = _milliseconds()
        metrics = [
            {"key": name, "value": value, "timestamp": moment, "step": step}
            for name, step, value in points
        ]
        body = json.dumps({"run_id": run_id, "metrics": metrics}).encode()
        return "/api/2.0/mlflow/runs/log-batch", body

    def stored(self, run_id: str) -> int:
        return _count(self.database_url, "SELECT count(*) FROM metrics WHERE run_uuid = %s", run_id)


def page_token(offset: int) -> str:
    """MLflow's token of a page that begins at `offset`."""
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


@contextmanager
def new_database(server: URL) -> Iterator[str]:
    """URL of a new database with the server's own settings, dropped at the end."""
    name = f"realspike_bench_{secrets.token_hex(4)}"
    with _admin(server) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield _shown(server.set(database=name))
    finally:
        with _admin(server) as connection:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))


@contextmanager
def realspike(database_url: str) -> Iterator[Realspike]:
    """Our server, as a process."""
    migrate(database_url)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "REALSPIKE_HOME": home,
            "REALSPIKE_PORT": str(port),
            "REALSPIKE_DATABASE_URL": database_url,
        }
        command = [sys.executable, "-m", "server"]
        with serving(command, environment, f"{url}/api/v1/health"):
            yield Realspike(url, database_url)


@contextmanager
def mlflow(database_url: str) -> Iterator[Mlflow | None]:
    """MLflow's server, as processes; None where it cannot be installed."""
    python = made_environment(PEERS / "mlflow", [MLFLOW, "psycopg2-binary"])
    if python is None:
        yield None
        return
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [str(python.with_name("mlflow")), "server", "--port", str(port)]
        command += ["--backend-store-uri", database_url.replace("://", "+psycopg2://", 1)]
        command += ["--artifacts-destination", str(Path(folder) / "artifacts")]
        environment = {
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "PATH": f"{python.parent}:/usr/bin:/bin",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        with serving(command, environment, f"{url}/health"):
            yield Mlflow(url, database_url)


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _count(database_url: str, query: str, run_id: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query, (run_id,)).fetchone()  # type: ignore[call-overload]
    return int(row[0]) if row else 0


def _admin(server: URL) -> psycopg.Connection:
    return psycopg.connect(_shown(server), autocommit=True)


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)
