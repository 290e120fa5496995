from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from server.errors import StorageUnavailableError
from server.storage import events
from server.storage.models import Event
from tests.conftest import SettingsFactory
from tests.server.api.conftest import LiveServer, serving
from tests.support.runs import make_run
from tests.support.waiting import wait_until


class Stream:
    """A subscriber: every event it was told, in order."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.start = ""
        threading.Thread(target=self._listen, daemon=True).start()
        while not self.start.startswith("id: "):
            self.start = self._line()

    def _listen(self) -> None:
        try:
            for line in self.answer.iter_lines():
                self.lines.put(line)
        except (httpx.HTTPError, httpx.StreamError):
            pass
        self.lines.put(None)

    def _line(self) -> str:
        line = self.lines.get(timeout=10)
        if line is None:
            raise AssertionError("the stream ended")
        return line

    def next(self) -> dict[str, Any]:
        """The next event."""
        fields: dict[str, str] = {}
        while "data" not in fields:
            name, _, value = self._line().partition(": ")
            fields[name] = value
        event: dict[str, Any] = json.loads(fields["data"])
        assert fields["id"] == str(event["id"])
        assert fields["event"] == event["kind"]
        return event

    def ended(self) -> bool:
        """True when the server has ended the stream."""
        while (line := self.lines.get(timeout=10)) is not None:
            assert not line.startswith("data")
        return True


@contextmanager
def following(client: httpx.Client, **params: Any) -> Iterator[Stream]:
    headers = params.pop("headers", {})
    with client.stream("GET", "/events", params=params, headers=headers, timeout=30) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer)


@pytest.fixture(params=["embedded", "team"])
def both(request: pytest.FixtureRequest, settings: SettingsFactory) -> Iterator[LiveServer]:
    """A server on SQLite, and one on Postgres and Redis."""
    with serving(settings(request.param)) as server:
        yield server


def test_a_fresh_subscriber_hears_what_happens_from_now_on(both: LiveServer) -> None:
    db = both.services.db
    make_run(db)
    with following(both.client) as stream:
        run_id = make_run(db, name="new")
        event = stream.next()

    assert (event["kind"], event["run_id"]) == ("run", run_id)
    assert event["data"]["name"] == "new"
    assert stream.start == f"id: {event['id'] - 1}"


def test_resuming_misses_nothing_and_doubles_nothing(both: LiveServer) -> None:
    db = both.services.db
    with following(both.client) as stream:
        make_run(db, name="heard")
        heard = stream.next()
    for number in range(3):
        make_run(db, name=f"missed {number}")

    with following(both.client, headers={"Last-Event-ID": str(heard["id"])}) as stream:
        names = [stream.next()["data"]["name"] for _ in range(3)]
        make_run(db, name="live")
        names.append(stream.next()["data"]["name"])
    with following(both.client, last_event_id=heard["id"] + 1) as stream:
        names.append(stream.next()["data"]["name"])

    assert names == ["missed 0", "missed 1", "missed 2", "live", "missed 1"]


def test_filters_by_run_and_by_study(live: LiveServer) -> None:
    db = live.services.db
    study = live.client.post("/studies", json={"name": "s"}).json()["id"]
    (of_study,) = live.client.get("/runs", params={"study_id": study}).json()["items"]
    other = make_run(db)
    with ExitStack() as stack:
        run_stream = stack.enter_context(following(live.client, run_id=other))
        study_stream = stack.enter_context(following(live.client, study_id=study))
        live.client.post(f"/runs/{of_study['id']}/cancel")
        live.client.post(f"/runs/{other}/cancel")

        assert run_stream.next()["run_id"] == other
        assert study_stream.next()["run_id"] == of_study["id"]
    assert live.client.get("/events", params={"run_id": "run_none"}).status_code == 404
    assert live.client.get("/events", params={"last_event_id": "x"}).status_code == 422


def test_many_subscribers_share_one_reader(
    live: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    read = events.after

    def counted(session: Any, last: int, **more: Any) -> list[Event]:
        reads.append(last)
        return read(session, last, **more)

    monkeypatch.setattr(events, "after", counted)
    live.services.hub.ping_seconds = 0.5  # a client's thread lets its socket go when a line comes
    with ExitStack() as stack:
        limits = httpx.Limits(max_connections=100)
        client = stack.enter_context(httpx.Client(base_url=live.client.base_url, limits=limits))
        streams = [stack.enter_context(following(client)) for _ in range(30)]
        wait_until(lambda: live.services.hub.subscribers == 30, "all subscribed")
        reads.clear()
        for number in range(5):
            make_run(live.services.db, name=str(number))
        heard = [[stream.next()["data"]["name"] for _ in range(5)] for stream in streams]

    assert heard == [["0", "1", "2", "3", "4"]] * 30
    assert len(reads) < 30
    wait_until(lambda: live.services.hub.subscribers == 0, "disconnects are noticed")


def test_a_subscriber_far_behind_reads_from_the_database(live: LiveServer) -> None:
    run_id = make_run(live.services.db)
    with following(live.client) as ahead:
        for batch in range(6):
            with live.services.db.write() as session:
                for number in range(400):
                    data = {"n": batch * 400 + number}
                    events.emit(session, "log", run_id=run_id, data=data)
        assert [ahead.next()["data"]["n"] for _ in range(2400)] == list(range(2400))
        with following(live.client, last_event_id=0, run_id=run_id) as behind:
            behind.next()
            assert [behind.next()["data"]["n"] for _ in range(2400)] == list(range(2400))


def test_silence_is_broken_by_pings(live: LiveServer) -> None:
    live.services.hub.ping_seconds = 0.05
    with following(live.client) as stream:
        wait_until(lambda: ": ping" in list(stream.lines.queue), "a ping")


def test_streams_end_when_the_server_stops(live: LiveServer) -> None:
    with following(live.client) as stream:
        stopping = threading.Thread(target=live.stop)
        stopping.start()
        assert stream.ended()
    stopping.join(4)
    assert not stopping.is_alive()


def test_an_id_of_another_database_starts_at_the_newest(live: LiveServer) -> None:
    with following(live.client, last_event_id=10**6) as stream:
        make_run(live.services.db, name="new")
        assert stream.next()["data"]["name"] == "new"


def test_a_database_that_was_away_loses_nothing(
    live: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[int] = []
    read = events.after

    def away(session: Any, last: int, **more: Any) -> list[Event]:
        if len(failures) < 3:
            failures.append(last)
            raise StorageUnavailableError("away")
        return read(session, last, **more)

    with following(live.client) as stream:
        make_run(live.services.db, name="one")
        assert stream.next()["data"]["name"] == "one"
        monkeypatch.setattr(events, "after", away)
        wait_until(lambda: failures, "a failed read")
        make_run(live.services.db, name="two")
        assert stream.next()["data"]["name"] == "two"
