"""Live events of the service (SSE), across lost connections."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from client.errors import ClientError, ServerFailedError, ServerUnreachableError
from client.patience import Patience
from client.transport import Transport
from client.wire import Json

GIVE_UP_SECONDS = 300.0
"""A stream that is watched outlives a service that is away for as long."""
SILENCE_SECONDS = 45.0
"""The service says something every 15 s, so a longer silence is a dead connection."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change. Kind `connected` is the client's own: a connection was made, read the state."""

    kind: str
    data: Json
    id: int | None = None
    run_id: str | None = None
    study_id: str | None = None


def parse_events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Events out of the bytes of a text/event-stream; an id without data is kind `position`."""
    fields: dict[str, str] = {}
    for line in _lines(chunks):
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
            continue
        if "data" in fields:
            yield _event(fields["data"])
        elif "id" in fields:
            yield Event("position", {}, id=int(fields["id"]))
        fields = {}


def _event(text: str) -> Event:
    body = json.loads(text)
    return Event(
        kind=body["kind"],
        data=body["data"],
        id=body["id"],
        run_id=body.get("run_id"),
        study_id=body.get("study_id"),
    )


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines that end in a newline; other line separators of Unicode are part of a line's text."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode()


class EventStream:
    """Iterates over the events of a run or a study for ever; reconnects where it was."""

    def __init__(
        self,
        transport: Transport,
        *,
        run_id: str | None = None,
        study_id: str | None = None,
        give_up_after: float = GIVE_UP_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._params = {"run_id": run_id, "study_id": study_id}
        self._last_id: int | None = None
        self._give_up_after = give_up_after
        self._patience = Patience(lambda: give_up_after, sleep=sleep, clock=clock)

    def __iter__(self) -> Iterator[Event]:
        while True:
            lost: ClientError = ServerUnreachableError(self._transport.url, "the stream ended")
            try:
                for event in self._connection():
                    self._patience.start_again()
                    yield event
            except (ServerUnreachableError, ServerFailedError) as error:
                lost = error
                self._transport.say_waiting(self._give_up_after)
            if not self._patience.pause():
                raise lost

    def _connection(self) -> Iterator[Event]:
        headers = {"Accept": "text/event-stream"}
        if self._last_id is not None:
            headers["Last-Event-ID"] = str(self._last_id)
        with self._transport.stream(
            "/events", params=self._params, headers=headers, silence=SILENCE_SECONDS
        ) as response:
            kind = response.headers.get("content-type", "")
            if not kind.startswith("text/event-stream"):
                raise ClientError(
                    f"{self._transport.url} sends {kind or 'no'} events, not a stream"
                )
            yield Event("connected", {})
            for event in parse_events(response.iter_bytes()):
                self._last_id = event.id
                if event.kind != "position":
                    yield event
