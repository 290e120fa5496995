"""A worker whose broker goes away and comes back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from server.settings import Settings
from server.storage import runs
from server.storage.states import RunStatus
from tests.support.waiting import wait_until
from tests.worker.conftest import SHORT
from tests.worker.plant import Plant, make_plant
from tests.worker.proxy import Proxy


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    place = urlsplit(redis_url)
    made = Proxy(place.hostname or "127.0.0.1", place.port or 6379)
    yield made
    made.close()


@pytest.fixture
def plant(
    migrated_sqlite: Path, tmp_path: Path, redis_url: str, queue_prefix: str, proxy: Proxy
) -> Iterator[Plant]:
    shutil.copyfile(migrated_sqlite, tmp_path / "realspike.db")
    place = urlsplit(redis_url)
    user = f"{place.username or ''}:{place.password}@" if place.password else ""
    settings = Settings(
        **SHORT,
        home=tmp_path / "home",
        database_url=f"sqlite:///{tmp_path / 'realspike.db'}",
        broker_url=f"redis://{user}127.0.0.1:{proxy.port}{place.path}",
        queue_prefix=queue_prefix,
    )
    with make_plant(settings, tmp_path) as made:
        yield made


def test_a_run_that_ends_while_the_broker_is_away_does_not_block_the_worker(
    plant: Plant, proxy: Proxy
) -> None:
    plant.start("-m", "worker.scheduler")
    worker = plant.start_worker()
    run_id = plant.submit(epochs=2000)
    plant.wait_for_epoch(run_id, 1)

    proxy.cut()
    with plant.database.write() as session:
        runs.cancel_run(session, run_id)
    assert plant.wait(run_id).status == RunStatus.CANCELLED
    wait_until(lambda: "Couldn't ack" in worker.log.read_text(), "the acknowledgement fails")
    proxy.mend()

    after = plant.submit(enqueue=0, dataset="mnist")
    assert plant.wait(after).reason == "dataset_missing", plant.story(after)
