"""Sweeping by itself: files that attempts left behind go some time after them."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from server.errors import ServerError
from server.settings import Settings
from server.storage import sweep
from server.storage.artifacts import ArtifactFiles
from server.storage.database import Database

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""How often it is looked for attempts that have ended."""
EVERYTHING_SECONDS = 86400.0
"""How often the whole store is looked over; the first time, when the scheduler starts."""


class Sweeping:
    """Sweeps in steps; what a store that is away kept from it is for the next step."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._after = timedelta(seconds=settings.sweep_seconds)
        self._every = min(LOOK_SECONDS, max(1.0, settings.sweep_seconds))
        self._database = database
        self._artifacts_url = settings.resolved_artifacts_url
        self._look_at = 0.0
        self._everything_at = 0.0

    def step(self) -> None:
        """Look over attempts that have ended, or everything, when it is time."""
        moment = time.monotonic()
        if moment < self._look_at:
            return
        self._look_at = moment + self._every
        try:
            files = ArtifactFiles(self._artifacts_url)
            deleted = sweep.sweep_ended(self._database, files, after=self._after)
            if moment >= self._everything_at:
                deleted += self._sweep_everything(files)
                self._everything_at = moment + EVERYTHING_SECONDS
        except ServerError as error:
            logger.warning("cannot sweep what attempts left behind: %s", error)
            return
        for location in deleted:
            logger.info("swept %s, which nothing refers to", location)

    def _sweep_everything(self, files: ArtifactFiles) -> list[str]:
        swept = sweep.sweep_everything(self._database, files, after=self._after)
        if swept.unknown:
            logger.warning(
                "%s has files of %d runs that this database does not know (%s, for example); "
                "they are left alone",
                files.url,
                len(swept.unknown),
                swept.unknown[0],
            )
        return swept.deleted
