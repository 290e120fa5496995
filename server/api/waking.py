"""Waking workers after a commit; what fails here, the scheduler does later."""

from __future__ import annotations

import structlog

from server.api.services import Services
from server.errors import QueueError, StorageError
from server.storage import lifecycle, workers

log = structlog.get_logger(__name__)


def wake(services: Services) -> None:
    """Send a message for as many waiting runs as workers could take on now, best first.

    More messages than free workers would fill the broker in the order of sending, past priority.
    """
    settings = services.settings
    try:
        with services.db.read() as session:
            free = workers.free_slots(session, settings.lease_seconds)
            due = lifecycle.due_to_wake(
                session, again_seconds=settings.wake_again_seconds, limit=free
            )
        for run_id in due:
            services.queue.enqueue_run(run_id)
        if due:
            with services.db.write() as session:
                lifecycle.mark_woken(session, due)
    except (QueueError, StorageError) as error:
        log.warning("nobody woken", error=str(error))
