"""Waking workers after a commit; what fails here, the scheduler does later."""

from __future__ import annotations

import structlog

from server import waking
from server.api.services import Services
from server.errors import QueueError, StorageError

log = structlog.get_logger(__name__)


def wake(services: Services) -> None:
    """Wake as many workers as are free."""
    try:
        waking.wake(services.db, services.queue, services.settings)
    except (QueueError, StorageError) as error:
        log.warning("nobody woken", error=str(error))
