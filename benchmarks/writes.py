"""Bulk metric writes of several writers to one run over HTTP, tracker by tracker in turn."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx

from benchmarks.trackers import JSON, Point, Tracker

BATCHES = (10, 500, 1000)
WRITERS = (1, 8)
NAMES = 10
"""Metrics of each writer; a batch has the same number of steps of each."""
TURNS, TURN_SECONDS, TURN_POINTS = 3, 1.5, 120_000
"""A turn ends after so many seconds, or when all its points are sent."""


@dataclass(slots=True)
class Written:
    """What one tracker was sent in all turns of one case."""

    run_id: str
    points: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    """Answers other than 200."""

    @property
    def rate(self) -> float:
        """Acknowledged points per second."""
        return self.points / self.seconds


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds."""
    return 1000 * statistics.median(seconds), 1000 * quantile(seconds, 0.95)


def measure(trackers: Sequence[Tracker], batch: int, writers: int) -> list[Written]:
    """What each tracker was sent: its turns alternate with the others'."""
    found = []
    for tracker in trackers:
        with httpx.Client(base_url=tracker.url, timeout=60) as client:
            found.append(Written(tracker.new_run(client)))
    for turn in range(TURNS):
        for tracker, written in zip(trackers, found, strict=True):
            count = TURN_POINTS // batch // writers
            batches = [
                [
                    tracker.batch(written.run_id, _points(writer, turn * count + number, batch))
                    for number in range(count)
                ]
                for writer in range(writers)
            ]
            _turn(tracker.url, written, batches, batch)
    return found


def _points(writer: int, number: int, batch: int) -> list[Point]:
    """One writer's batch of that number: the same steps of each of its metrics."""
    steps = batch // NAMES
    return [
        (f"writer{writer}/metric{name}", step, math.sin(step + name))
        for name in range(NAMES)
        for step in range(number * steps, (number + 1) * steps)
    ]


def _turn(
    url: str, written: Written, batches: Sequence[Sequence[tuple[str, bytes]]], points: int
) -> None:
    """All writers at once, each sending one batch of so many points after the other."""
    place, began = urlsplit(url).netloc, time.perf_counter()

    def work(own: Sequence[tuple[str, bytes]]) -> list[tuple[int, float]]:
        answers = []
        connection = HTTPConnection(place, timeout=120)  # light: all share the machine's cores
        for path, body in own:
            sent = time.perf_counter()
            if sent > began + TURN_SECONDS:
                break
            connection.request("POST", path, body, JSON)
            answer = connection.getresponse()
            answer.read()
            answers.append((answer.status, time.perf_counter() - sent))
        connection.close()
        return answers

    with ThreadPoolExecutor(len(batches)) as pool:
        answers = [answer for each in pool.map(work, batches) for answer in each]
    written.seconds += time.perf_counter() - began
    written.latencies += [seconds for _, seconds in answers]
    written.points += points * sum(status == 200 for status, _ in answers)
    written.refused += sum(status != 200 for status, _ in answers)
