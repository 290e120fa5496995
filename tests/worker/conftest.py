"""A plant per broker and database, shared by the tests of a file."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from server.settings import Settings
from server.storage.database import migrate
from tests.support.services import forget_keys, fresh_database, shown
from tests.worker.plant import Plant, make_plant

SHORT: dict[str, Any] = {
    "lease_seconds": 60,  # longer than a test waits: whatever comes back does so without it
    "heartbeat_seconds": 0.25,
    "scheduler_seconds": 0.2,
    "wake_again_seconds": 2,
    "device": "cpu",
    "worker_slots": 1,
    "log_level": "info",
}


@pytest.fixture(scope="module", params=["embedded", "team"])
def plant(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Plant]:
    """Stores of the embedded mode and of the team mode in turn, without any process."""
    folder: Path = tmp_path_factory.mktemp(f"plant-{request.param}")
    prefix = f"realspike-test-{secrets.token_hex(6)}"
    given = {**SHORT, "home": folder / "home", "queue_prefix": prefix}
    with ExitStack() as stack:
        if request.param == "embedded":
            shutil.copyfile(request.getfixturevalue("migrated_sqlite"), folder / "realspike.db")
            given["database_url"] = f"sqlite:///{folder / 'realspike.db'}"
        else:
            made = stack.enter_context(fresh_database(request.getfixturevalue("postgres")))
            given["database_url"] = shown(made)
            migrate(shown(made))
            given["broker_url"] = request.getfixturevalue("redis_server_url")
            stack.callback(forget_keys, given["broker_url"], prefix)
        yield stack.enter_context(make_plant(Settings(**given), folder))
