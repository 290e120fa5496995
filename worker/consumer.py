"""A Celery consumer that notices a shutdown, and a broker that went away, soon."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from celery.worker.consumer import Consumer

LOOK_UP_SECONDS = 0.25


class WatchfulConsumer(Consumer):  # type: ignore[misc]
    """Consumer with two habits more.

    On a broker that is polled it waits for messages a quarter of a second at a time instead of
    two seconds, so that it sees a shutdown. And when the broker did not take an acknowledgement
    it connects anew: the message would count as being worked on for ever, and with one message
    a slot the worker would never ask for another.
    """

    def connection_for_read(self, heartbeat: Any = None) -> Any:
        """The connection that messages come from."""
        connection = super().connection_for_read(heartbeat=heartbeat)
        drain_events = connection.drain_events

        def drain_briefly(timeout: float | None = None, **named: Any) -> Any:
            return drain_events(timeout=min(timeout or LOOK_UP_SECONDS, LOOK_UP_SECONDS), **named)

        connection.drain_events = drain_briefly
        return connection

    def create_task_handler(self, *args: Any, **named: Any) -> Callable[[Any], Any]:
        """What is done with each message."""
        handle: Callable[[Any], Any] = super().create_task_handler(*args, **named)

        def handle_message(message: Any) -> Any:
            message.ack_log_error = partial(_settle, message, message.ack_log_error)
            message.reject_log_error = partial(_settle, message, message.reject_log_error)
            return handle(message)

        return handle_message


def _settle(message: Any, settle: Callable[..., None], *args: Any, **named: Any) -> None:
    settle(*args, **named)
    if not message.acknowledged:
        raise ConnectionResetError("the broker did not take an acknowledgement")
