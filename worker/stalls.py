"""Messages that a worker took and none of its children begins, although one is free."""

from __future__ import annotations

import time
from contextlib import suppress

from celery.worker import state

STALL_SECONDS = 30.0
"""A child begins within milliseconds; this is for a machine that swaps."""


class Stalls:
    """Watches the messages in a worker's hands: ask `found` again and again, from one thread.

    A child may be killed in the very moment in which it takes a message from the pool: the pool
    waits for it for ever, and with one message a slot the worker asks for no other.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._waiting: dict[str, float] = {}
        """Since when each message waits, in monotonic seconds."""

    def found(self) -> bool:
        """True when a message has waited for long while a child was free."""
        moment = time.monotonic()
        with suppress(RuntimeError):  # the set changed meanwhile: so the worker works
            begun = {request.id for request in tuple(state.active_requests)}
            taken = {request.id for request in tuple(state.reserved_requests)}
            free = len(begun) < self._slots
            self._waiting = {
                message: self._waiting.get(message, moment) for message in taken - begun if free
            }
        return any(moment - since > STALL_SECONDS for since in self._waiting.values())
