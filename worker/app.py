"""The Celery worker of this service: one prefork child per slot, and a parent without torch."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

from celery import Celery, signals
from celery.exceptions import CPendingDeprecationWarning, SecurityWarning

from server.queue import make_celery
from server.settings import Settings
from worker.machine import Machine
from worker.presence import Presence
from worker.scratch import scratch_folder
from worker.tasks import register_task

LOST_CHILD_SECONDS = 1.0
CHILD_START_SECONDS = 60.0


def make_app(settings: Settings, machine: Machine, scratch: Path) -> Celery:
    """The Celery application with the worker's settings and its task."""
    app = make_celery(settings)
    app.conf.update(
        worker_consumer="worker.consumer:WatchfulConsumer",
        worker_lost_wait=LOST_CHILD_SECONDS,
        worker_proc_alive_timeout=CHILD_START_SECONDS,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_send_task_events=False,
        broker_connection_max_retries=None,
    )
    register_task(app, settings, machine, scratch)
    return app


def run_worker(settings: Settings, machine: Machine) -> int:
    """Train what the queue brings until SIGTERM or SIGINT; a second one ends it at once."""
    presence = Presence(settings, machine)

    def ready(**_: Any) -> None:
        presence.start()

    def stopping(**_: Any) -> None:
        presence.begin_stop()

    def keep_logging(**_: Any) -> None:
        """Celery sets logging up itself unless somebody listens here."""

    # It fears pickled messages where root runs the worker; this one takes JSON alone. And it
    # announces a default of a later version, which make_app settles.
    for kind in (SecurityWarning, CPendingDeprecationWarning):
        warnings.simplefilter("ignore", kind)
    signals.setup_logging.connect(keep_logging)
    signals.worker_ready.connect(ready)
    signals.worker_shutting_down.connect(stopping)
    with scratch_folder() as scratch:
        app = make_app(settings, machine, scratch)
        worker = app.Worker(
            hostname=machine.worker_id,
            pool="prefork",
            concurrency=machine.slots,
            loglevel=logging.getLevelName(logging.root.level),
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
        presence.close()
    return 0
