"""Lists and filters over ten thousand runs, over HTTP, tracker by tracker in turn."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import httpx

from benchmarks.seeds import run_id, study_id
from benchmarks.trackers import Mlflow, Realspike, page_token
from server.storage.pages import encode_cursor

TURNS = 30
LIMIT = 50
DEEP = 7500
"""Runs before the page of the deep search."""


class Search(NamedTuple):
    """One question, as each of the two is asked."""

    name: str
    ours: dict[str, Any]
    mlflow: dict[str, Any]


SEARCHES = (
    Search("newest 50", {}, {}),
    Search(
        "metric and parameter",
        {"filter": 'metrics.test_acc > 0.9 and spec.granularity in ("channel", "element")'},
        {"filter": "metrics.test_acc > 0.9 and params.granularity = 'channel'"},
    ),
    Search(
        "metric, a handful match",
        {"filter": "metrics.test_acc > 0.9995"},
        {"filter": "metrics.test_acc > 0.9995"},
    ),
    Search("status", {"status": "failed"}, {"filter": "attributes.status = 'FAILED'"}),
    Search("tag", {"filter": 'has tag "paper"'}, {"filter": "tags.stage = 'paper'"}),
    Search("study", {"study_id": study_id(17)}, {"filter": "tags.study = '17'"}),
    Search(
        "deep page",
        {"cursor": encode_cursor(run_id(10_000 - DEEP))},
        {"page_token": page_token(DEEP)},
    ),
    Search("page of 200", {"limit": 200}, {"max_results": 200}),
)


def measure(search: Search, ours: Realspike, peer: Mlflow | None) -> tuple[list[float], ...]:
    """Seconds of each turn: ours, and the peer's where there is one."""
    with httpx.Client(timeout=60) as client:
        calls = [lambda: _ours(client, ours, search)]
        if peer is not None:
            calls.append(lambda: _mlflow(client, peer, search))
        return _alternating(calls)


def _alternating(calls: Sequence[Any]) -> tuple[list[float], ...]:
    seconds: tuple[list[float], ...] = tuple([] for _ in calls)
    for call in calls:
        call()
    for _ in range(TURNS):
        for call, own in zip(calls, seconds, strict=True):
            began = time.perf_counter()
            call()
            own.append(time.perf_counter() - began)
    return seconds


def _ours(client: httpx.Client, ours: Realspike, search: Search) -> None:
    asked = {"limit": LIMIT} | search.ours
    page = client.get(f"{ours.url}/api/v1/runs", params=asked).raise_for_status().json()
    if not page["items"]:
        raise RuntimeError(f"{search.name}: realspike found nothing")


def _mlflow(client: httpx.Client, peer: Mlflow, search: Search) -> None:
    asked = {
        "experiment_ids": ["0"],
        "max_results": LIMIT,
        "order_by": ["attributes.start_time DESC"],
    } | search.mlflow
    answer = client.post(f"{peer.url}/api/2.0/mlflow/runs/search", json=asked)
    if not answer.raise_for_status().json().get("runs"):
        raise RuntimeError(f"{search.name}: {peer.name} found nothing")
