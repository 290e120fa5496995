from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from client.api import Client
from client.errors import ServerUnreachableError
from client.events import Event, EventStream, parse_events
from client.transport import Transport


def sent(number: int, kind: str = "run") -> bytes:
    body = {"id": number, "kind": kind, "run_id": "run_1", "study_id": None, "data": {"n": number}}
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(body)}\n\n".encode()


class Broken(httpx.SyncByteStream):
    """Sends some bytes, then loses the connection."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks
        raise httpx.ReadError("connection reset")


def stream_of(*chunks: bytes) -> httpx.Response:
    return httpx.Response(
        200, headers={"content-type": "text/event-stream"}, stream=Broken(*chunks)
    )


def test_events_split_anywhere_and_comments() -> None:
    whole = b": ping\n\n" + sent(1) + b": ping\r\n\r\n" + sent(2, "log")
    pieces = [whole[index : index + 7] for index in range(0, len(whole), 7)]
    assert [(event.id, event.kind) for event in parse_events(pieces)] == [(1, "run"), (2, "log")]


def test_line_separator_of_unicode_stays_in_a_text() -> None:
    body = {
        "id": 1,
        "kind": "log",
        "run_id": "r",
        "study_id": None,
        "data": {"lines": ["a\u2028b"]},
    }
    chunk = f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()
    (event,) = parse_events([chunk])
    assert event.data == {"lines": ["a\u2028b"]}


def test_reconnects_after_the_last_event() -> None:
    requests: list[httpx.Request] = []
    answers: list[httpx.Response | Exception] = [
        stream_of(b"retry: 2000\nid: 7\n\n"),
        stream_of(sent(8), sent(9)),
        httpx.ConnectError("refused"),
        httpx.Response(503),
        stream_of(sent(10)),
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        following = answers.pop(0)
        if isinstance(following, Exception):
            raise following
        return following

    transport = Transport("http://service.test", transport=httpx.MockTransport(answer))
    events: list[Event] = []
    for event in EventStream(transport, run_id="run_1", sleep=lambda _: None):
        events.append(event)
        if event.id == 10:
            break
    assert [event.id for event in events] == [None, None, 8, 9, None, 10]
    assert [event.kind for event in events if event.id is None] == ["connected"] * 3
    assert "Last-Event-ID" not in requests[0].headers
    assert [request.headers["Last-Event-ID"] for request in requests[1:]] == ["7", "9", "9", "9"]
    assert requests[0].url.params["run_id"] == "run_1"


def test_gives_up_on_a_service_that_stays_away() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    transport = Transport("http://service.test", transport=httpx.MockTransport(answer))
    stream = EventStream(transport, give_up_after=0.0, sleep=lambda _: None)
    with pytest.raises(ServerUnreachableError):
        list(stream)


def test_client_has_events() -> None:
    client = Client("http://service.test", transport=httpx.MockTransport(lambda _: stream_of()))
    assert next(iter(client.events())).kind == "connected"


def test_a_stream_that_was_silent_for_long_is_not_given_up_at_once() -> None:
    now = [0.0]

    class Silent(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            now[0] += 3600
            raise httpx.ReadError("connection reset")

    answers: list[httpx.Response | Exception] = [
        httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Silent()),
        httpx.ConnectError("refused"),
        stream_of(sent(1)),
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        following = answers.pop(0)
        if isinstance(following, Exception):
            raise following
        return following

    said: list[str] = []
    transport = Transport(
        "http://service.test", transport=httpx.MockTransport(answer), on_wait=said.append
    )
    stream = EventStream(transport, sleep=lambda _: None, clock=lambda: now[0])
    assert [event.kind for _, event in zip(range(3), stream, strict=False)] == [
        "connected",
        "connected",
        "run",
    ]
    assert said == ["no answer from http://service.test; trying again for 300 s"]
