"""Readiness and metrics while real dependencies are paused, cut off or broken."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import redis

from server.settings import Settings
from server.storage import heartbeats
from server.storage.database import Database, migrate
from tests.conftest import SettingsFactory
from tests.server.api.conftest import LiveServer, serving
from tests.support.services import fresh_database, postgres_server, redis_server, shown
from tests.support.waiting import wait_until
from tests.support.workers import register_worker

BOUND = 5.0
"""Seconds within which a readiness check must answer; a longer wait is a time-out of the client."""


@contextmanager
def paused(pids: list[int]) -> Iterator[None]:
    """Processes that keep their connections and do nothing."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


class Team:
    """A server on a Postgres and a Redis that are its own, so that they can be stopped."""

    def __init__(self, server: LiveServer, postgres: psutil.Process, redis: int) -> None:
        self.server = server
        self._postgres = postgres
        self.redis = redis

    @property
    def postgres(self) -> list[int]:
        return [self._postgres.pid, *(child.pid for child in self._postgres.children())]

    def ready(self) -> tuple[int, dict[str, Any]]:
        answer = self.server.client.get("/ready", timeout=BOUND)
        return answer.status_code, answer.json()

    def is_ready(self) -> bool:
        return self.ready()[0] == 200


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    monkeypatch.setenv("REALSPIKE_TEST_PRIVATE_SERVICES", "1")
    monkeypatch.delenv("REALSPIKE_TEST_POSTGRES_URL", raising=False)
    monkeypatch.delenv("REALSPIKE_TEST_REDIS_URL", raising=False)
    with ExitStack() as stack:
        postgres = stack.enter_context(postgres_server())
        database = shown(stack.enter_context(fresh_database(postgres)))
        migrate(database)
        broker = stack.enter_context(redis_server())
        own = Settings(home=tmp_path, database_url=database, broker_url=broker)
        server = stack.enter_context(serving(own, web_folder=tmp_path))
        data = Path(str(postgres.query["host"])) / "data" / "postmaster.pid"
        postmaster = psutil.Process(int(data.read_text().splitlines()[0]))
        with redis.Redis.from_url(broker) as client:
            redis_pid = int(client.info("server")["process_id"])
        yield Team(server, postmaster, redis_pid)


def probes() -> int:
    return sum(thread.name == "probe" for thread in threading.enumerate())


def test_a_redis_that_is_paused(team: Team) -> None:
    assert team.is_ready()
    with paused([team.redis]):
        for _ in range(2):
            status, body = team.ready()
            assert (status, body["ready"]) == (503, False)
            assert "REALSPIKE_BROKER_URL" in body["checks"].pop("broker")
            assert set(body["checks"].values()) == {"ok"}
        assert probes() <= 1
    wait_until(team.is_ready, "Redis answers again")


def test_a_postgres_that_is_paused(team: Team) -> None:
    assert team.is_ready()
    url = team.server.url
    with ThreadPoolExecutor(60) as threads:
        with paused(team.postgres):
            stuck = [
                threads.submit(httpx.get, f"{url}/api/v1/runs", timeout=60)
                for _ in range(50)  # more than the server has threads for handlers
            ]
            ready = [threads.submit(team.ready) for _ in range(3)]
            metrics = threads.submit(httpx.get, f"{url}/metrics", timeout=BOUND)
            health = threads.submit(team.server.client.get, "/health", timeout=BOUND)
            for status, body in (answer.result() for answer in ready):
                assert status == 503
                assert "REALSPIKE_DATABASE_URL" in body["checks"]["database"]
                assert (body["checks"]["broker"], body["checks"]["artifacts"]) == ("ok", "ok")
            assert health.result().status_code == 200
            assert 'realspike_up{dependency="database"} 0.0' in metrics.result().text
            assert "realspike_http_requests_total" in metrics.result().text
            assert probes() <= 4  # database, schema, warnings, figures: one each
        assert {answer.result().status_code for answer in stuck} <= {200, 503}
    wait_until(team.is_ready, "Postgres answers again")
    assert 'realspike_up{dependency="database"} 1.0' in httpx.get(f"{url}/metrics").text


def test_a_database_that_takes_connections_and_never_answers(
    settings: SettingsFactory, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/name"
        with serving(settings("embedded", database_url=url), web_folder=tmp_path) as server:
            answer = server.client.get("/ready", timeout=BOUND)
            assert answer.status_code == 503
            assert "REALSPIKE_DATABASE_URL" in answer.json()["checks"]["database"]


def test_files_that_cannot_be_written(live: LiveServer) -> None:
    folder = Path(live.services.settings.resolved_artifacts_url)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file in the way")

    answer = live.client.get("/ready", timeout=BOUND)

    assert answer.status_code == 503
    assert "REALSPIKE_ARTIFACTS_URL" in answer.json()["checks"]["artifacts"]


def test_nobody_who_trains_is_a_warning(live: LiveServer) -> None:
    answer = live.client.get("/ready")
    assert answer.status_code == 200
    no_worker, no_scheduler = answer.json()["warnings"]
    assert "python -m worker" in no_worker
    assert "no scheduler has ever run here" in no_scheduler

    everybody(live.services.db)

    assert live.client.get("/ready").json()["warnings"] == []


def everybody(db: Database) -> None:
    """A worker and a scheduler that are alive."""
    with db.write() as session:
        heartbeats.beat(session, heartbeats.SCHEDULER)
        register_worker(session)
