"""What this process counts by itself: requests, how soon they were answered, and listeners."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import prometheus_client
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.types import Scope

API = "/api/v1"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Telemetry:
    """Counters of one server process, for Prometheus."""

    def __init__(self) -> None:
        # When a counter was made is of use to nobody here, and half of all lines.
        prometheus_client.disable_created_metrics()
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        Gauge(
            "realspike_build_info",
            "Always 1; the label says which version this is.",
            ["version"],
            registry=self._registry,
        ).labels(version("realspike")).set(1)
        self._requests = Counter(
            "realspike_http_requests",
            "Requests that were answered, by template of their path.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "realspike_http_request_duration_seconds",
            "Time until the answer began, by template of the request's path.",
            ["method", "route"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._subscribers = Gauge(
            "realspike_event_subscribers",
            "Streams of live events that are open.",
            registry=self._registry,
        )

    def answered(self, scope: Scope, *, status: int, seconds: float) -> None:
        """Count a request whose answer begins."""
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = route_of(scope)
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)

    def watch_subscribers(self, count: Callable[[], int]) -> None:
        """Ask `count` at every scrape how many streams are open."""
        self._subscribers.set_function(count)

    def text(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self._registry)


def route_of(scope: Scope) -> str:
    """Template of a request's path, `none` for a path without a route: few, whatever is asked."""
    template: str | None = getattr(scope.get("route"), "path", None)
    if template is None:
        return "none"
    # A route of a router that was included does not know the prefix it got.
    below = scope["path"].startswith(f"{API}/") and not template.startswith(API)
    return f"{API}{template}" if below else template
