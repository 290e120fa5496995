"""Delivery to a service that answers as a script says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from client.api import Client
from client.errors import ConflictError, InvalidError, NotFoundError, ServerUnreachableError
from client.spool.delivery import MOST_NAMES, MOST_POINTS, Outcome, deliver
from client.spool.entries import BeginEntry, EndEntry
from client.spool.outbox import Outbox
from client.spool.spool import Spool

URL = "http://service.test"

Answer = Callable[[httpx.Request], httpx.Response | None]


class Service:
    """Stores what it is sent, unless a rule answers otherwise."""

    def __init__(self) -> None:
        self.rule: Answer = lambda _: None
        self.points: list[tuple[str, int, float]] = []
        self.files: list[tuple[str, bytes]] = []
        self.sizes: list[int] = []
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.requests = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        content = request.read()
        refused = self.rule(request)
        if refused is not None:
            return refused
        if request.method == "PUT":
            assert hashlib.sha256(content).hexdigest() == request.headers["X-Content-SHA256"]
            self.files.append((request.url.path.rpartition("/")[2], content))
        elif request.url.path.endswith(("/scripts", "/finish")):
            self.said.append((request.url.path.rpartition("/")[2], json.loads(content)))
        else:
            metrics = json.loads(content)["metrics"]
            assert len(metrics) <= MOST_NAMES
            self.sizes.append(sum(len(points) for points in metrics.values()))
            for name, points in metrics.items():
                self.points += [(name, point["step"], point["value"]) for point in points]
        return httpx.Response(200, json={})

    def deliver(self, outbox: Outbox) -> Outcome:
        transport = httpx.MockTransport(self)
        with Client(URL, transport=transport, patience=0) as client:
            return deliver(outbox, client.runs)


def refusal(status: int, kind: str = "x", detail: str = "no") -> httpx.Response:
    body = {"type": f"/problems/{kind}", "title": "t", "status": status, "detail": detail}
    return httpx.Response(status, json=body | {"request_id": "r"})


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Spool(tmp_path / "spool").outbox(URL, "run_1")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(b"a picture")
    return path


def add_steps(outbox: Outbox, *steps: int, name: str = "loss") -> None:
    for step in steps:
        outbox.add_metrics(step, None, {name: step / 10})


def test_values_go_together_and_in_order(service: Service, outbox: Outbox) -> None:
    add_steps(outbox, 3, 1, 2, 1)
    outcome = service.deliver(outbox)

    assert (outcome.delivered, outcome.held, outcome.refusal) == (4, None, None)
    assert [step for _, step, _ in service.points] == [3, 1, 2, 1]
    assert service.requests == 1
    assert outbox.is_empty()


def test_a_file_keeps_its_place_between_values(
    service: Service, outbox: Outbox, picture: Path
) -> None:
    seen: list[str] = []
    service.rule = lambda request: seen.append(request.method)  # type: ignore[func-returns-value]
    add_steps(outbox, 1)
    outbox.add_file(picture, "Bild 1.png")
    add_steps(outbox, 2)
    service.deliver(outbox)

    assert seen == ["POST", "PUT", "POST"]
    assert service.files == [("Bild 1.png", b"a picture")]


def test_no_request_is_larger_than_the_service_takes(service: Service, outbox: Outbox) -> None:
    for first in range(3):
        names = {f"layer{first * 150 + number}": 1.0 for number in range(150)}
        outbox.add_metrics(1, None, names)
    add_steps(outbox, *range(MOST_POINTS + 1))
    outcome = service.deliver(outbox)

    assert outcome.held is None
    assert len(service.points) == 450 + MOST_POINTS + 1
    assert max(service.sizes) == MOST_POINTS
    assert len(service.sizes) == 4


def test_what_cannot_be_delivered_waits(service: Service, outbox: Outbox) -> None:
    def away(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    add_steps(outbox, 1, 2)
    service.rule = away
    outcome = service.deliver(outbox)
    assert isinstance(outcome.held, ServerUnreachableError)
    assert outbox.waiting().entries == 2

    service.rule = lambda _: None
    assert service.deliver(outbox).delivered == 2


@pytest.mark.parametrize(
    "answer",
    [
        refusal(503),
        refusal(500),
        refusal(409, "conflict", "run run_1 is running"),
        httpx.Response(404, text="<h1>nginx</h1>"),
        httpx.Response(403, text="log in first"),
        httpx.Response(429),
        httpx.Response(200, text="<h1>log in first</h1>"),
    ],
    ids=lambda answer: f"{answer.status_code} {answer.text[:20]}",
)
def test_what_is_no_final_word_holds_the_entries(
    service: Service, outbox: Outbox, answer: httpx.Response
) -> None:
    add_steps(outbox, 1)
    service.rule = lambda _: answer
    outcome = service.deliver(outbox)

    assert outcome.held is not None
    assert (outbox.waiting().entries, outbox.refused()) == (1, [])


def test_a_run_that_is_trained_holds_its_entries(service: Service, outbox: Outbox) -> None:
    add_steps(outbox, 1)
    service.rule = lambda _: refusal(409, "conflict", "run run_1 is running")
    assert isinstance(service.deliver(outbox).held, ConflictError)


def test_a_run_that_is_gone_refuses_everything_in_one_request(
    service: Service, outbox: Outbox, picture: Path
) -> None:
    add_steps(outbox, 1, 2)
    outbox.add_file(picture, "picture.png")
    service.rule = lambda _: refusal(404, "not-found", "there is no run 'run_1'")
    outcome = service.deliver(outbox)

    assert (outcome.delivered, outcome.refused) == (0, 3)
    assert isinstance(outcome.refusal, NotFoundError)
    assert service.requests == 2
    assert outbox.is_empty()
    assert {each.problem for each in outbox.refused()} == {"there is no run 'run_1'"}


def test_one_wrong_value_keeps_nothing_else_back(service: Service, outbox: Outbox) -> None:
    def rule(request: httpx.Request) -> httpx.Response | None:
        return refusal(422, "metric-invalid") if b"wrong" in request.content else None

    add_steps(outbox, 1)
    add_steps(outbox, 2, name="wrong")
    add_steps(outbox, 3)
    service.rule = rule
    outcome = service.deliver(outbox)

    assert (outcome.delivered, outcome.refused) == (2, 1)
    assert isinstance(outcome.refusal, InvalidError)
    assert [step for _, step, _ in service.points] == [1, 3]


def test_a_service_that_goes_away_between_single_entries_holds_the_rest_in_order(
    service: Service, outbox: Outbox
) -> None:
    def rule(request: httpx.Request) -> httpx.Response | None:
        if service.requests == 3:
            raise httpx.ReadError("reset")
        return refusal(422) if b"wrong" in request.content else None

    add_steps(outbox, 1)
    add_steps(outbox, 2, name="wrong")
    add_steps(outbox, 3)
    service.rule = rule
    outcome = service.deliver(outbox)
    assert (outcome.delivered, outcome.refused) == (1, 0)
    assert outbox.waiting().entries == 2

    outcome = service.deliver(outbox)
    assert (outcome.delivered, outcome.refused) == (1, 1)
    assert [step for _, step, _ in service.points] == [1, 3]


def test_bytes_that_somebody_deleted_are_told(
    service: Service, outbox: Outbox, picture: Path
) -> None:
    outbox.add_file(picture, "picture.png")
    add_steps(outbox, 1)
    for path in (outbox.folder / "files").iterdir():
        path.unlink()
    outcome = service.deliver(outbox)

    assert (outcome.delivered, outcome.refused) == (1, 1)
    assert "the bytes of picture.png are gone" in outbox.refused()[0].problem


def test_a_cut_off_entry_is_counted_and_passed_over(service: Service, outbox: Outbox) -> None:
    add_steps(outbox, 1)
    (journal,) = outbox.folder.glob("*.journal")
    with journal.open("ab") as out:
        out.write(b"0123")
    add_steps(outbox, 2)
    outcome = service.deliver(outbox)

    assert (outcome.delivered, outcome.damaged) == (2, 1)
    with journal.open("ab") as out:
        out.write(b"0123")
    assert service.deliver(outbox).damaged == 1
    assert service.deliver(outbox).damaged == 0


def test_a_lost_answer_sends_the_same_again(
    service: Service, outbox: Outbox, picture: Path
) -> None:
    def lose(request: httpx.Request) -> httpx.Response:
        service.rule = lambda _: None
        service(request)
        raise httpx.ReadError("reset")

    outbox.add_file(picture, "picture.png")
    service.rule = lose
    assert service.deliver(outbox).held is not None
    assert service.deliver(outbox).delivered == 1
    assert service.files == [("picture.png", b"a picture")] * 2


def test_somebody_else_delivers(service: Service, outbox: Outbox) -> None:
    add_steps(outbox, 1)
    with outbox.delivering():
        outcome: Any = service.deliver(outbox)
    assert outcome.busy
    assert service.requests == 0


BEGIN = BeginEntry("2026-01-01T00:00:00+00:00", {"id": "run_1"})
END = EndEntry("2026-01-01T00:01:00+00:00", {"status": "succeeded"})


def add_run(outbox: Outbox) -> None:
    outbox.add(BEGIN)
    add_steps(outbox, 1, 2)
    outbox.add(END)


def test_a_run_begins_first_and_ends_last_and_leaves_nothing(
    service: Service, outbox: Outbox
) -> None:
    add_run(outbox)
    service.rule = lambda request: refusal(503) if "finish" in request.url.path else None
    assert service.deliver(outbox).delivered == 3
    assert not outbox.is_gone
    service.rule = lambda _: None
    outcome = service.deliver(outbox)

    assert (outcome.delivered, outcome.ended) == (1, True)
    assert service.said == [("scripts", {"id": "run_1"}), ("finish", {"status": "succeeded"})]
    assert service.requests == 4
    assert outbox.is_gone
    assert service.deliver(outbox) == Outcome()


def test_nothing_of_a_run_goes_before_its_beginning(service: Service, outbox: Outbox) -> None:
    add_run(outbox)
    service.rule = lambda _: refusal(503)
    assert service.deliver(outbox).delivered == 0
    assert (service.requests, outbox.waiting().entries) == (1, 4)


@pytest.mark.parametrize("status", [404, 409, 422])
def test_a_run_that_cannot_begin_is_put_aside(
    service: Service, outbox: Outbox, status: int
) -> None:
    add_run(outbox)
    service.rule = lambda request: refusal(status if "scripts" in request.url.path else 404)
    outcome = service.deliver(outbox)

    assert (outcome.refused, outcome.held) == (4, None)
    assert isinstance(outbox.refused()[0].entry, BeginEntry)
    assert outbox.put_back() == 4
    service.rule = lambda _: None
    assert service.deliver(outbox).delivered == 4
    assert service.points == [("loss", 1, 0.1), ("loss", 2, 0.2)]
