"""The worker's own path: points per second of write_metrics in transactions of one attempt."""

from __future__ import annotations

import math
import time

from server.storage import lifecycle, runs
from server.storage.database import Database, migrate
from server.storage.metrics import Point, write_metrics

SECONDS = 2.0


def measure(database_url: str, batch: int) -> tuple[float, list[float]]:
    """Points per second of one writer, and the seconds of each transaction."""
    migrate(database_url)
    database = Database(database_url)
    run_id, attempt = _claimed(database)
    seconds: list[float] = []
    began, step = time.perf_counter(), 0
    while time.perf_counter() < began + SECONDS:
        points: list[Point] = [
            ("loss", step + number, 0, math.sin(step + number)) for number in range(batch)
        ]
        step += batch
        opened = time.perf_counter()
        with database.write() as session:
            write_metrics(session, run_id, points, attempt=attempt)
        seconds.append(time.perf_counter() - opened)
    rate = step / (time.perf_counter() - began)
    database.close()
    return rate, seconds


def _claimed(database: Database) -> tuple[str, int]:
    with database.write() as session:
        run_id = runs.create_run(
            session,
            name="benchmark",
            experiment="benchmark",
            tags=[],
            priority=0,
            spec={},
            spec_digest="0" * 64,
        ).id
    with database.write() as session:
        claim = lifecycle.claim(
            session,
            run_id,
            worker_id="benchmark",
            host="benchmark",
            device="cpu",
            lease_seconds=600,
        )
    if claim is None:
        raise RuntimeError("the new run could not be claimed")
    return run_id, claim.attempt
