"""The event hub: one reader of the event table per process, many subscribers.

The hub keeps the newest events in memory, already encoded. A subscriber is a position in the
stream of ids: it takes what lies after its position from memory, or from the database when it is
further behind than memory reaches. A slow subscriber costs nothing but its own delay.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import structlog
from starlette.concurrency import run_in_threadpool

from server.api.schemas import EventRead
from server.errors import StorageError
from server.storage import events
from server.storage.database import Database
from server.storage.models import Event

PAGE = 500

log = structlog.get_logger(__name__)


class Encoded(NamedTuple):
    """An event as it goes over the wire, with what subscribers choose by."""

    id: int
    run_id: str | None
    study_id: str | None
    frame: bytes


class EventHub:
    """Reads new events while somebody listens and tells every subscriber."""

    def __init__(
        self,
        db: Database,
        *,
        poll_seconds: float = 0.2,
        ping_seconds: float = 15.0,
        kept: int = 2000,
    ) -> None:
        self._db = db
        self._poll_seconds = poll_seconds
        self.ping_seconds = ping_seconds
        self._recent: deque[Encoded] = deque(maxlen=kept)
        self._floor = 0
        self._newest = 0
        self.subscribers = 0
        self._closing = False
        self._behind = True
        self._changed = asyncio.Event()
        self._wanted = asyncio.Event()

    def close(self) -> None:
        """End every stream and the reader; call it on the event loop."""
        self._closing = True
        self._changed.set()
        self._wanted.set()

    async def run(self) -> None:
        """Read until the hub closes; a database that is away is asked again."""
        while True:
            if not self.subscribers:
                self._behind = True
            await self._wanted.wait()
            if self._closing:
                return  # a database that hangs would keep the process from ending
            try:
                await (self._restart() if self._behind else self._read_on())
            except StorageError as error:
                log.warning("events unreadable", error=str(error))
            await asyncio.sleep(self._poll_seconds)

    async def newest_id(self) -> int:
        """Id of the newest event there is."""
        return await run_in_threadpool(self._newest_id)

    async def follow(
        self, position: int, *, run_id: str | None = None, study_id: str | None = None
    ) -> AsyncIterator[bytes]:
        """Frames after `position`, pings in silence; ends when the hub closes."""
        with self._subscribed():
            while not self._closing:
                changed = self._changed
                try:
                    frames, position = await self._after(position, run_id, study_id)
                except StorageError as error:
                    log.warning("events unreadable", error=str(error))
                    await asyncio.sleep(self._poll_seconds)
                    continue
                for frame in frames:
                    yield frame
                if self._newest <= position and not frames:
                    try:
                        await asyncio.wait_for(changed.wait(), self.ping_seconds)
                    except TimeoutError:
                        yield b": ping\n\n"

    @contextmanager
    def _subscribed(self) -> Iterator[None]:
        self.subscribers += 1
        self._wanted.set()
        try:
            yield
        finally:
            self.subscribers -= 1
            if not self.subscribers and not self._closing:
                self._wanted.clear()

    async def _restart(self) -> None:
        """Forget what lies in memory: nobody read on while nobody listened."""
        newest = await self.newest_id()
        self._behind = False
        self._recent.clear()
        self._floor = self._newest = newest
        self._tell()

    async def _read_on(self) -> None:
        found = await run_in_threadpool(self._read, self._newest, None, None)
        if not found:
            return
        for event in found:
            if len(self._recent) == self._recent.maxlen:
                self._floor = self._recent[0].id
            self._recent.append(event)
        self._newest = found[-1].id
        self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        if self._closing:
            self._changed.set()
        changed.set()

    async def _after(
        self, position: int, run_id: str | None, study_id: str | None
    ) -> tuple[list[bytes], int]:
        """Frames after a position and the position after them."""
        horizon = self._newest
        if position >= self._floor:
            found = [
                event
                for event in self._recent
                if event.id > position and _fits(event, run_id, study_id)
            ]
            return [event.frame for event in found], max(position, horizon)
        found = await run_in_threadpool(self._read, position, run_id, study_id)
        frames = [event.frame for event in found]
        if len(found) == PAGE:
            return frames, found[-1].id
        # A short page holds all there was, so nothing up to the horizon is left behind.
        return frames, max(position, horizon, found[-1].id if found else 0)

    def _newest_id(self) -> int:
        with self._db.read() as session:
            return events.newest_id(session)

    def _read(self, position: int, run_id: str | None, study_id: str | None) -> list[Encoded]:
        with self._db.read() as session:
            found = events.after(session, position, run_id=run_id, study_id=study_id, limit=PAGE)
            return [_encode(event) for event in found]


def _fits(event: Encoded, run_id: str | None, study_id: str | None) -> bool:
    return run_id in (None, event.run_id) and study_id in (None, event.study_id)


def _encode(event: Event) -> Encoded:
    body = EventRead.model_validate(event).model_dump_json()
    frame = f"id: {event.id}\nevent: {event.kind}\ndata: {body}\n\n".encode()
    return Encoded(event.id, event.run_id, event.study_id, frame)
