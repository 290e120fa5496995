"""Webhooks: the scheduler's part, which turns events into deliveries and sends them."""

from __future__ import annotations

import logging
import threading
import time

from server.errors import ServerError
from server.settings import Settings
from server.storage import webhook_deliveries, webhook_news
from server.storage.database import Database
from server.storage.webhook_deliveries import Try
from server.webhooks.addresses import LookUp, look_up
from worker.hook_calls import Answer, Caller

logger = logging.getLogger(__name__)

CALL_SECONDS = 5.0
AT_ONCE = 8
"""Webhooks that are called at the same time."""
STEP_SECONDS = 10.0
"""A webhook that takes everything gets so much of a step; then others have their turn."""


class Hooks:
    """Tells webhooks in steps; one that does not answer keeps only itself waiting."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        seconds: float = CALL_SECONDS,
        look_up: LookUp = look_up,
    ) -> None:
        self._database = database
        self._caller = Caller(private=settings.webhook_private, seconds=seconds, look_up=look_up)

    def collect(self) -> None:
        """Turn what happened into deliveries."""
        with self._database.read() as session:
            if not webhook_news.has_news(session):
                return
        with self._database.write() as session:
            webhook_news.collect(session)

    def send(self) -> None:
        """Send what is due, to several webhooks at once."""
        with self._database.read() as session:
            due = webhook_deliveries.due_webhooks(session, limit=AT_ONCE)
        until = time.monotonic() + STEP_SECONDS
        threads = [
            threading.Thread(target=self._tell, args=(webhook_id, until), daemon=True)
            for webhook_id in due
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _tell(self, webhook_id: str, until: float) -> None:
        """Send one delivery after the other, until one is not taken."""
        try:
            while time.monotonic() < until:
                with self._database.write() as session:
                    tried = webhook_deliveries.begin_try(session, webhook_id)
                if tried is None:
                    return
                answer = self._caller.call(tried)
                with self._database.write() as session:
                    webhook_deliveries.end_try(
                        session,
                        tried,
                        answer=answer.said,
                        taken=answer.taken,
                        final=answer.gone,
                    )
                _note(webhook_id, tried, answer)
                if not answer.taken:
                    return
        except ServerError as error:
            logger.warning("webhook %s is told later: %s", webhook_id, error)


def _note(webhook_id: str, tried: Try, answer: Answer) -> None:
    # Neither the URL, which may hold a token, nor the secret is for a log.
    level = logging.INFO if answer.taken else logging.WARNING
    logger.log(
        level,
        "webhook %s, delivery %s, try %d: %s",
        webhook_id,
        tried.delivery_id,
        tried.number,
        answer.said,
    )
