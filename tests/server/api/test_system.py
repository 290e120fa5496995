from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx

from rscore.spec import SPEC_FIELDS
from tests.conftest import SettingsFactory
from tests.server.api.conftest import serving


def test_health_and_info(client: httpx.Client) -> None:
    assert client.get("/health").json()["status"] == "ok"
    info = client.get("/info").json()
    assert (info["mode"], info["database"], info["broker"]) == ("embedded", "sqlite", "filesystem")
    assert (info["study_run_limit"], info["web"]) == (1000, False)


def test_team_mode_is_ready(settings: SettingsFactory) -> None:
    with serving(settings("team")) as server:
        ready = server.client.get("/ready")
        info = server.client.get("/info").json()

    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    checks = {"database": "ok", "schema": "ok", "artifacts": "ok", "broker": "ok"}
    assert ready.json()["checks"] == checks
    assert (info["mode"], info["database"], info["broker"]) == ("team", "postgresql", "redis")


def test_a_database_without_tables_is_not_ready(settings: SettingsFactory, tmp_path: Path) -> None:
    empty = f"sqlite:///{tmp_path / 'empty.db'}"
    with serving(settings("embedded", database_url=empty)) as server:
        answer = server.client.get("/ready")
        runs = server.client.get("/runs")

    assert answer.status_code == 503
    assert "server.storage.migrations" in answer.json()["checks"]["schema"]
    assert (runs.status_code, runs.json()["type"]) == (503, "/problems/storage-unavailable")


def test_the_schema_of_the_spec_has_groups_for_forms(client: httpx.Client) -> None:
    properties = client.get("/spec/schema").json()["properties"]

    assert tuple(properties) == SPEC_FIELDS
    assert all("group" in field for field in properties.values())


def test_importing_the_server_loads_no_torch() -> None:
    code = "import sys, server.main, server.__main__; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
