from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from client.api import Client
from client.errors import (
    ConflictError,
    InputError,
    InvalidError,
    NotFoundError,
    ServerFailedError,
    ServerUnreachableError,
)
from client.transport import PATIENCE_AT_FIRST
from rscore.runfile import Origin

Answer = httpx.Response | Exception


class Script:
    """Answers each request with the next of its answers, the last for ever; has its own clock."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        self.said: list[str] = []
        self.now = 1000.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **options: Any) -> Client:
        return Client(
            "http://service.test",
            transport=httpx.MockTransport(self),
            sleep=self.sleep,
            clock=lambda: self.now,
            on_wait=self.said.append,
            **options,
        )

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def problem(status: int, detail: str = "no", **more: Any) -> httpx.Response:
    body = {"type": "x", "title": "t", "status": status, "detail": detail, "request_id": "r"}
    return httpx.Response(
        status, json=body | more, headers={"content-type": "application/problem+json"}
    )


def test_read_is_tried_again_after_lost_connection_and_bad_gateway() -> None:
    script = Script(
        httpx.ReadError("gone"), httpx.Response(503), httpx.Response(200, json={"a": 1})
    )
    info: Any = script.client().info()
    assert info == {"a": 1}
    assert len(script.requests) == 3
    assert script.pauses[0] < script.pauses[1]


def test_create_is_tried_again_with_one_key() -> None:
    script = Script(httpx.ReadError("gone"), httpx.Response(201, json={"id": "run_1"}))
    assert script.client().runs.create({})["id"] == "run_1"
    keys = {request.headers["Idempotency-Key"] for request in script.requests}
    assert len(keys) == 1


def test_two_creates_have_two_keys() -> None:
    script = Script(httpx.Response(201, json={}), httpx.Response(201, json={}))
    client = script.client()
    client.runs.create({})
    client.studies.create({})
    assert len({request.headers["Idempotency-Key"] for request in script.requests}) == 2


def test_cancel_is_not_repeated_once_it_may_have_arrived() -> None:
    script = Script(httpx.ReadError("gone"))
    with pytest.raises(ServerUnreachableError):
        script.client().runs.cancel("run_1")
    assert len(script.requests) == 1


def test_cancel_is_repeated_while_nothing_was_sent() -> None:
    script = Script(httpx.ConnectError("refused"), httpx.Response(200, json={"id": "run_1"}))
    assert script.client().runs.cancel("run_1")["id"] == "run_1"


def test_unreachable_says_how_to_start_it() -> None:
    script = Script(httpx.ConnectError("refused"))
    with pytest.raises(ServerUnreachableError, match=r"realspike up.*\n?.*--url"):
        script.client().info()


def test_without_patience_nothing_is_tried_again() -> None:
    script = Script(httpx.ConnectError("refused"))
    with pytest.raises(ServerUnreachableError):
        script.client(patience=0).info()
    assert len(script.requests) == 1
    assert script.said == []


def test_a_service_that_never_answered_is_given_up_soon() -> None:
    script = Script(httpx.ConnectError("refused"))
    with pytest.raises(ServerUnreachableError):
        script.client(patience=30).info()
    assert sum(script.pauses) == pytest.approx(PATIENCE_AT_FIRST)
    assert script.said == ["no answer from http://service.test; trying again for 5 s"]


def test_a_proxy_with_nothing_behind_it_is_no_answer() -> None:
    script = Script(httpx.Response(502))
    with pytest.raises(ServerFailedError):
        script.client(patience=30).info()
    assert sum(script.pauses) == pytest.approx(PATIENCE_AT_FIRST)


def test_a_service_that_answered_before_is_waited_for() -> None:
    script = Script(httpx.Response(200, json={}), httpx.ConnectError("refused"))
    client = script.client(patience=30)
    client.info()
    with pytest.raises(ServerUnreachableError):
        client.info()
    assert sum(script.pauses) == pytest.approx(30)
    assert max(script.pauses) <= 2.4
    assert script.said == ["no answer from http://service.test; trying again for 30 s"]


def test_waiting_is_said_once_each_time_that_the_service_is_away() -> None:
    away = httpx.ConnectError("refused")
    here = httpx.Response(200, json={})
    client = (script := Script(here, away, away, here, away, here)).client()
    for _ in range(3):
        client.info()
    assert len(script.said) == 2


def test_a_service_that_says_when_to_come_back_is_left_alone_so_long() -> None:
    script = Script(
        httpx.Response(200, json={}),
        httpx.Response(503, headers={"Retry-After": "7"}),
        httpx.Response(429, headers={"Retry-After": "soon"}),
        httpx.Response(200, json={}),
    )
    client = script.client()
    client.info()
    client.info()
    assert script.pauses[0] == 7
    assert script.pauses[1] < 1


def test_a_service_that_comes_back_too_late_is_not_waited_for() -> None:
    script = Script(httpx.Response(503, headers={"Retry-After": "3600"}))
    with pytest.raises(ServerFailedError):
        script.client().info()
    assert script.pauses == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidError),
        (404, NotFoundError),
        (409, ConflictError),
        (413, InvalidError),
        (422, InvalidError),
        (500, ServerFailedError),
        (501, ServerFailedError),
    ],
)
def test_problem_becomes_error(status: int, kind: type[Exception]) -> None:
    script = Script(problem(status, "what was wrong", hint="what to do"))
    with pytest.raises(kind, match="what was wrong\nwhat to do"):
        script.client().runs.get("run_1")
    assert len(script.requests) == 1


def test_field_problems_are_one_line_each() -> None:
    errors = [
        {"path": "spec.granularty", "message": "unknown field", "hint": "did you mean it?"},
        {"path": "spec.epochs", "message": "too small", "hint": None},
    ]
    script = Script(problem(422, errors=errors))
    with pytest.raises(InvalidError) as caught:
        script.client().runs.create({})
    assert caught.value.lines(Origin.of(Path("run.yaml")).line) == [
        "run.yaml: spec.granularty: unknown field (did you mean it?)",
        "run.yaml: spec.epochs: too small",
    ]


@pytest.mark.parametrize(
    "answer", [httpx.Response(500, text="<h1>oh</h1>"), httpx.Response(200, text="<h1>hi</h1>")]
)
def test_another_program_at_the_address(answer: httpx.Response) -> None:
    with pytest.raises(ServerFailedError, match="another program"):
        Script(answer).client().info()


@pytest.mark.parametrize("url", ["127.0.0.1:8700", "ftp://x", "http://", "http://[::1"])
def test_address_that_is_none(url: str) -> None:
    with pytest.raises(InputError, match="not an address"):
        Client(url)


def test_short_id_is_found_among_recent_ones() -> None:
    page = {"items": [{"id": "run_01abc"}, {"id": "run_01xyz"}], "next_cursor": None, "total": 2}
    archived = {"items": [], "next_cursor": None, "total": 0}
    script = Script(
        problem(404),
        httpx.Response(200, json=page),
        httpx.Response(200, json=archived),
        httpx.Response(200, json={"id": "run_01xyz"}),
    )
    assert script.client().runs.find("01x")["id"] == "run_01xyz"


def test_ambiguous_short_id_names_what_it_fits() -> None:
    pages = [
        {"items": [{"id": run_id}], "next_cursor": None, "total": 1}
        for run_id in ("run_01abc", "run_01xyz")
    ]
    script = Script(problem(404), *(httpx.Response(200, json=page) for page in pages))
    with pytest.raises(InputError, match="2 things: run_01abc, run_01xyz"):
        script.client().runs.find("run_01")


@pytest.mark.parametrize("given", ["", "a/b", "..", "x?y=1", "é"])
def test_id_that_cannot_be_one_is_not_asked_for(given: str) -> None:
    with pytest.raises(InputError, match="not the id of a run"):
        Script().client().runs.find(given)


def test_unknown_short_id_is_not_found() -> None:
    page: dict[str, Any] = {"items": [], "next_cursor": None, "total": 0}
    script = Script(problem(404, "there is no run 'x'"), httpx.Response(200, json=page))
    with pytest.raises(NotFoundError, match="there is no run 'x'"):
        script.client().runs.find("x")


def test_study_runs_are_read_page_by_page() -> None:
    pages: list[Callable[[], httpx.Response]] = [
        lambda: httpx.Response(200, json={"items": [{"id": "b"}], "next_cursor": "c", "total": 2}),
        lambda: httpx.Response(200, json={"items": [{"id": "a"}], "next_cursor": None, "total": 2}),
    ]
    script = Script(*(page() for page in pages))
    assert [run["id"] for run in script.client().runs.of_study("s")] == ["b", "a"]
    assert script.requests[1].url.params["cursor"] == "c"
