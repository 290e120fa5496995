"""Purging by itself: what was deleted long ago goes, one run at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import timedelta

from server.errors import ServerError
from server.settings import Settings
from server.storage import retention
from server.storage.artifacts import ArtifactFiles
from server.storage.database import Database

logger = logging.getLogger(__name__)

PURGE_SECONDS = 600.0
"""How often it is looked for what was deleted long ago."""


class Purging:
    """Purges in steps of one run, so that whoever takes them is never kept for long."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._kept = timedelta(days=settings.retention_days)
        self._database = database
        self._artifacts_url = settings.resolved_artifacts_url
        self._steps: Iterator[retention.DeletedRun | retention.DeletedStudy] = iter(())
        self._look_at = 0.0

    def step(self) -> None:
        """Purge the next run or study, or look for some when it is time; log what cannot be."""
        if not self._kept:
            return
        try:
            purged = next(self._steps, None)
            if purged is not None:
                logger.info("purged %s (%s)", purged.id, purged.name)
            elif time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + PURGE_SECONDS
                planned = retention.plan(self._database, self._kept)
                if planned.runs or planned.studies:
                    files = ArtifactFiles(self._artifacts_url)
                    self._steps = retention.carry_out(self._database, files, planned)
        except ServerError as error:
            self._steps = iter(())
            logger.warning("cannot purge what was deleted: %s", error)
