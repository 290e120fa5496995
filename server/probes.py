"""Questions to something that may never answer, asked so that nobody waits for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Probe(Generic[T]):
    """A call that may hang: it runs in a thread of its own, never in two at a time.

    Whoever asks while one hangs waits for the same one, so a dependency that is stuck costs one
    thread, however often it is asked about.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._running: Future[T] | None = None

    def start(self) -> Future[T]:
        """The answer to come: of the call that runs, or of a new one."""
        with self._lock:
            if self._running is None or self._running.done():
                self._running = Future()
                self._running.set_running_or_notify_cancel()  # so that nobody can cancel it
                threading.Thread(
                    target=self._answer, args=(self._running,), name="probe", daemon=True
                ).start()
            return self._running

    def _answer(self, future: Future[T]) -> None:
        try:
            future.set_result(self._ask())
        except Exception as error:  # noqa: BLE001 - the thread's edge: whoever asked gets it
            future.set_exception(error)


def answers(probes: Mapping[str, Probe[T]], seconds: float) -> dict[str, Future[T] | None]:
    """All probes asked at once; None for each that did not answer within `seconds`."""
    asked = {name: probe.start() for name, probe in probes.items()}
    done, _ = wait(asked.values(), timeout=seconds)
    return {name: future if future in done else None for name, future in asked.items()}


async def answers_soon(
    probes: Mapping[str, Probe[Any]], seconds: float
) -> dict[str, Future[Any] | None]:
    """The same on the event loop, which goes on meanwhile."""
    asked = {name: probe.start() for name, probe in probes.items()}
    waiting = [asyncio.wrap_future(future) for future in asked.values()]
    done, late = await asyncio.wait(waiting, timeout=seconds)
    for each in done:
        each.exception()  # asked for, or asyncio complains that nobody did
    for each in late:
        each.cancel()  # the waiting for it; the call itself goes on
    return {name: future if future.done() else None for name, future in asked.items()}
