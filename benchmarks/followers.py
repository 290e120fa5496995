"""What a person who watches a run waits for: its curve thinned out, and its newest points."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Sequence

import httpx

from benchmarks.trackers import JSON, Point, Realspike

LONG = 100_000
"""Points of the curve that is read."""
SHOWN = 1000
TURNS = 30
FOLLOWED_SECONDS, FOLLOWED_BATCH = 5.0, 500


def thinned(ours: Realspike) -> list[float]:
    """Seconds of each reading of one long curve, thinned out by the server."""
    with httpx.Client(base_url=ours.url, timeout=60) as client:
        run_id = ours.new_run(client)
        for first in range(0, LONG, 10_000):
            points = [("loss", step, math.sin(step)) for step in range(first, first + 10_000)]
            _send(client, ours, run_id, points)
        seconds = []
        for _ in range(TURNS + 1):
            began = time.perf_counter()
            answer = client.get(f"/api/v1/runs/{run_id}/metrics", params={"max_points": SHOWN})
            (series,) = answer.raise_for_status().json()["series"]
            seconds.append(time.perf_counter() - began)
            if series["total"] != LONG:
                raise RuntimeError(f"{series['total']} of {LONG} points were stored")
    return seconds[1:]


def lags(ours: Realspike) -> list[float]:
    """Seconds from sending a batch to seeing its event, while one writer sends all it can."""
    sent: dict[int, float] = {}
    seen: dict[int, float] = {}
    with httpx.Client(base_url=ours.url, timeout=60) as client:
        run_id = ours.new_run(client)
        following = threading.Event()
        reader = threading.Thread(target=_follow, args=(ours, run_id, following, seen))
        reader.start()
        following.wait(30)
        began, step = time.perf_counter(), 0
        while time.perf_counter() < began + FOLLOWED_SECONDS:
            points = [("loss", step + number, 0.5) for number in range(FOLLOWED_BATCH)]
            step += FOLLOWED_BATCH
            sent[step - 1] = time.perf_counter()
            _send(client, ours, run_id, points)
        _send(client, ours, run_id, [("last", step, 0.5)])
        reader.join(30)
    return [seen[newest] - moment for newest, moment in sent.items()]


def _send(client: httpx.Client, ours: Realspike, run_id: str, points: Sequence[Point]) -> None:
    path, body = ours.batch(run_id, points)
    client.post(path, content=body, headers=JSON).raise_for_status()


def _follow(
    ours: Realspike, run_id: str, following: threading.Event, seen: dict[int, float]
) -> None:
    """Note when each batch's newest step is told, until the metric `last` is."""
    with (
        httpx.Client(timeout=60) as client,
        client.stream("GET", f"{ours.url}/api/v1/events", params={"run_id": run_id}) as stream,
    ):
        for line in stream.iter_lines():
            following.set()
            if not line.startswith("data: "):
                continue
            data = json.loads(line.removeprefix("data: "))["data"]
            if data.get("names") == ["last"]:
                return
            if "step" in data:
                seen[data["step"]] = time.perf_counter()
