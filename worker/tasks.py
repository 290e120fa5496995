"""The one task: a message says "look at run X"."""

from __future__ import annotations

import logging
from pathlib import Path

from billiard.process import current_process  # type: ignore[import-untyped]
from celery import Celery

from rscore.process import prepare_process
from server.errors import QueueError, StorageError
from server.queue import TASK_LOOK_AT_RUN, RunQueue
from server.settings import Settings
from server.storage.artifacts import ArtifactFiles
from server.storage.database import Database
from server.waking import wake
from worker.execute import Bench, look_at_run
from worker.machine import Machine

logger = logging.getLogger(__name__)


def register_task(app: Celery, settings: Settings, machine: Machine, scratch: Path) -> None:
    """Give a Celery application the task; each pool child makes its own tools, once."""
    made: list[tuple[Bench, RunQueue]] = []

    def tools() -> tuple[Bench, RunQueue]:
        if not made:
            made.append((_make_bench(settings, machine, scratch), RunQueue(settings)))
        return made[0]

    @app.task(name=TASK_LOOK_AT_RUN)  # type: ignore[untyped-decorator]
    def look_at(run_id: str) -> None:
        try:
            bench, queue = tools()
            look_at_run(run_id, bench)
            _wake_next(bench, queue)
        except Exception:
            # The scheduler wakes a run that nobody claimed, so the message is done with.
            logger.exception("could not look at run %s", run_id)


def _wake_next(bench: Bench, queue: RunQueue) -> None:
    """Whoever has become free says so, instead of waiting for the scheduler's next pass."""
    try:
        wake(bench.database, queue, bench.settings)
    except (QueueError, StorageError) as error:
        logger.info("nobody woken, the scheduler sees to it: %s", error)


def _make_bench(settings: Settings, machine: Machine, scratch: Path) -> Bench:
    prepare_process()
    slot = getattr(current_process(), "index", 0)
    return Bench(
        settings=settings,
        machine=machine,
        device=machine.device_of(slot),
        database=Database(settings.resolved_database_url),
        files=ArtifactFiles(settings.resolved_artifacts_url),
        scratch=scratch,
    )
