"""Waking workers: as many messages as there are free slots, for the runs that are next."""

from __future__ import annotations

from server.errors import QueueError
from server.queue import RunQueue
from server.settings import Settings
from server.storage import lifecycle, workers
from server.storage.database import Database


def wake(database: Database, queue: RunQueue, settings: Settings) -> None:
    """Send a message for as many waiting runs as workers alive could take on now, best first.

    More messages than free workers would fill the broker in the order of sending, past priority.
    Each run is marked before its message goes, so that several who wake at once send one message
    between them; what could not be sent is unmarked, and is sent by whoever wakes next.

    Raises:
        QueueError: the broker takes no message.
        StorageError: the database does not answer.
    """
    again = settings.wake_again_seconds
    with database.read() as session:
        free = workers.free_slots(session, settings.lease_seconds)
        due = lifecycle.due_to_wake(session, again_seconds=again, limit=free) if free else []
    if not due:
        return
    with database.write() as session:
        marked = lifecycle.mark_woken(session, due, again_seconds=again)
    for place, run_id in enumerate(marked):
        try:
            queue.enqueue_run(run_id)
        except QueueError:
            with database.write() as session:
                for unsent in marked[place:]:
                    lifecycle.pass_on(session, unsent)
            raise
