from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from client.api import Client
from client.errors import NotFoundError
from client.follow import Change, Follower

Step = Callable[["FakeService"], list[tuple[str, str, dict[str, Any]]]]


def metrics_of(epoch: int, *, loss: float = 0.5, accuracy: float = 0.9) -> dict[str, Any]:
    points = {
        "train_loss": [[epoch * 10, loss, epoch]],
        "test_acc": [[epoch * 10, accuracy, epoch]],
    }
    return {"names": list(points), "step": epoch * 10, "points": points}


def progress_of(epoch: int) -> dict[str, Any]:
    return {
        "epoch": epoch,
        "epochs": 3,
        "step": epoch * 10,
        "steps": 30,
        "loss": 0.5,
        "accuracy": 0.9,
        "eta_seconds": 3.0 - epoch,
    }


class FakeService:
    """Runs in memory; each connection for events sends what its step says, then breaks off."""

    def __init__(self, *names: str) -> None:
        self.runs: dict[str, dict[str, Any]] = {
            name: {
                "id": name,
                "name": f"name of {name}",
                "status": "queued",
                "reason": None,
                "detail": None,
                "attempt": 0,
                "spec": {"epochs": 3},
                "progress": None,
                "summary": {},
            }
            for name in names
        }
        self.stored: dict[str, list[int]] = {name: [] for name in names}
        self.connections: list[Step] = []
        self.sent = 0

    def train(self, name: str, epoch: int) -> None:
        """Store an epoch without telling anybody."""
        self.stored[name].append(epoch)
        self.runs[name]["summary"] = {"train_loss": 0.5, "test_acc": 0.9}
        self.runs[name]["progress"] = progress_of(epoch)

    def become(self, name: str, status: str, attempt: int = 1) -> tuple[str, str, dict[str, Any]]:
        """Change a run's status; the event that tells of it."""
        run = self.runs[name]
        run |= {"status": status, "attempt": attempt}
        data = {"status": status, "reason": None, "attempt": attempt, "name": run["name"]}
        return "run", name, data

    def client(self) -> Client:
        return Client(
            "http://service.test",
            transport=httpx.MockTransport(self._answer),
            sleep=lambda _: None,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        if path == "/events":
            return self._events()
        if path == "/runs":
            items = list(self.runs.values())[::-1]
            page = {"items": items, "next_cursor": None, "total": len(items)}
            return httpx.Response(200, json=page)
        name = path.split("/")[2]
        if name not in self.runs:
            return httpx.Response(404, json={"detail": f"there is no run {name!r}"})
        if path.endswith("/metrics"):
            return httpx.Response(200, json={"run_id": name, "series": self._series(name)})
        return httpx.Response(200, json=self.runs[name])

    def _series(self, name: str) -> list[dict[str, Any]]:
        epochs = self.stored[name]
        return [
            {
                "name": metric,
                "total": len(epochs),
                "steps": [epoch * 10 for epoch in epochs],
                "values": [value] * len(epochs),
                "epochs": epochs,
            }
            for metric, value in (("train_loss", 0.5), ("test_acc", 0.9))
        ]

    def _events(self) -> httpx.Response:
        step = self.connections.pop(0)

        def body() -> Any:
            # The connection is open before anything happens, so the client reads the state first.
            yield b": hello\n\n"
            for kind, run_id, data in step(self):
                self.sent += 1
                event = {
                    "id": self.sent,
                    "kind": kind,
                    "run_id": run_id,
                    "study_id": "stu_1",
                    "data": data,
                }
                yield f"id: {self.sent}\ndata: {json.dumps(event)}\n\n".encode()

        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body())


def seen(changes: list[Change]) -> list[tuple[str, Any]]:
    return [
        (change.run.id, change.epoch if change.kind == "epoch" else change.run.status)
        for change in changes
        if change.kind != "progress"
    ]


def follow(service: FakeService, **what: str) -> list[tuple[str, Any]]:
    told: list[tuple[str, Any]] = []
    for change in Follower(service.client(), **what).changes():
        told += seen([change])
    return told


def test_run_from_queue_to_end() -> None:
    service = FakeService("run_1")
    service.connections.append(
        lambda service: [
            service.become("run_1", "running"),
            ("progress", "run_1", progress_of(1)),
            ("metrics", "run_1", metrics_of(1)),
            ("metrics", "run_1", metrics_of(2)),
            ("log", "run_1", {"lines": ["folding"]}),
            ("metrics", "run_1", metrics_of(3)),
            service.become("run_1", "succeeded"),
        ]
    )
    told = follow(service, run_id="run_1")
    assert [what for _, what in told] == ["queued", "running", 1, 2, 3, "succeeded"]


def test_epochs_of_a_lost_connection_are_told_once_each() -> None:
    service = FakeService("run_1")

    def loses(service: FakeService) -> list[tuple[str, str, dict[str, Any]]]:
        first = [service.become("run_1", "running"), ("metrics", "run_1", metrics_of(1))]
        for epoch in (1, 2):
            service.train("run_1", epoch)
        return first

    def ends(service: FakeService) -> list[tuple[str, str, dict[str, Any]]]:
        return [
            ("metrics", "run_1", metrics_of(2)),
            ("metrics", "run_1", metrics_of(3)),
            service.become("run_1", "succeeded"),
        ]

    service.connections += [loses, ends]
    told = follow(service, run_id="run_1")
    assert [what for _, what in told if isinstance(what, int)] == [1, 2, 3]


def test_event_that_left_out_points_is_read_from_the_store() -> None:
    service = FakeService("run_1")

    def sparse(service: FakeService) -> list[tuple[str, str, dict[str, Any]]]:
        for epoch in (1, 2, 3):
            service.train("run_1", epoch)
        return [
            ("metrics", "run_1", {"names": ["test_acc"], "step": 30, "points": {}}),
            service.become("run_1", "succeeded"),
        ]

    service.connections.append(sparse)
    told = follow(service, run_id="run_1")
    assert [what for _, what in told] == ["queued", 1, 2, 3, "succeeded"]


def test_repeated_epochs_of_a_second_attempt_are_not_told_twice() -> None:
    service = FakeService("run_1")
    service.connections.append(
        lambda service: [
            service.become("run_1", "running"),
            ("metrics", "run_1", metrics_of(1)),
            ("metrics", "run_1", metrics_of(2)),
            service.become("run_1", "queued"),
            service.become("run_1", "running", attempt=2),
            ("metrics", "run_1", metrics_of(2)),
            ("metrics", "run_1", metrics_of(3)),
            service.become("run_1", "succeeded", attempt=2),
        ]
    )
    told = follow(service, run_id="run_1")
    assert [what for _, what in told] == [
        "queued", "running", 1, 2, "queued", "running", 3, "succeeded"
    ]  # fmt: skip


def test_ended_run_is_told_with_its_epochs() -> None:
    service = FakeService("run_1")
    for epoch in (1, 2, 3):
        service.train("run_1", epoch)
    service.become("run_1", "failed")
    service.connections.append(lambda _: [])
    assert [what for _, what in follow(service, run_id="run_1")] == [1, 2, 3, "failed"]


def test_study_ends_with_its_last_run() -> None:
    service = FakeService("run_1", "run_2")
    service.train("run_1", 1)
    service.become("run_1", "succeeded")
    service.connections.append(
        lambda service: [
            service.become("run_2", "running"),
            ("metrics", "run_2", metrics_of(1)),
            service.become("run_2", "cancelled"),
        ]
    )
    told = follow(service, study_id="stu_1")
    assert told == [
        ("run_1", "succeeded"),
        ("run_2", "queued"),
        ("run_2", "running"),
        ("run_2", 1),
        ("run_2", "cancelled"),
    ]


def test_every_run_of_a_study_is_known_before_the_first_change() -> None:
    service = FakeService("run_1", "run_2")
    service.connections.append(lambda _: [])
    follower = Follower(service.client(), study_id="stu_1")
    next(follower.changes())
    assert list(follower.runs) == ["run_1", "run_2"]


def test_shares_of_a_study() -> None:
    service = FakeService("run_1", "run_2")
    service.connections.append(
        lambda service: [
            service.become("run_1", "running"),
            ("progress", "run_1", progress_of(1)),
            service.become("run_1", "succeeded"),
            service.become("run_2", "succeeded"),
        ]
    )
    follower = Follower(service.client(), study_id="stu_1")
    shares = [round(follower.share, 3) for _ in follower.changes()]
    assert shares == [0.0, 0.0, 0.0, 0.167, 0.5, 1.0]


def test_run_that_is_not_there() -> None:
    service = FakeService("run_1")
    service.connections.append(lambda _: [])
    with pytest.raises(NotFoundError, match="run_9"):
        follow(service, run_id="run_9")
