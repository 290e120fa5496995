"""The queue: a Celery client that wakes workers. The database owns the state, not the broker."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from celery import Celery
from kombu.exceptions import ChannelError, KombuError
from kombu.utils.url import maybe_sanitize_url

from server.errors import QueueError
from server.settings import Settings

TASK_LOOK_AT_RUN = "realspike.look_at_run"
"""Message "look at run X"; its one argument is the run's id."""

VISIBILITY_SECONDS = 30 * 24 * 3600
"""Redis gives a message to a second worker after this long: longer than any run, since a run
that outlives it would be started twice. Leases bring lost work back much sooner."""

POLLING_SECONDS = 0.05
"""How often a worker looks into the folder of the filesystem broker."""

CONNECT_SECONDS = 5

_FAILURES = (KombuError, ChannelError, OSError)


def make_celery(settings: Settings) -> Celery:
    """A Celery application on the settings' broker; it is not made the process's current one."""
    url, transport, options = _broker(settings)
    prefix = settings.queue_prefix
    app = Celery("realspike", broker=url, set_as_current=False)
    app.conf.update(
        broker_transport=transport,
        broker_transport_options=options,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=CONNECT_SECONDS,
        task_default_queue=prefix,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        result_backend=None,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        enable_utc=True,
    )
    return app


def _broker(settings: Settings) -> tuple[str, str | None, dict[str, Any]]:
    if settings.broker_folder is not None:
        folders = _folders(settings.broker_folder)
        return "filesystem://", "server.folder_broker:Transport", folders
    options = {
        "visibility_timeout": VISIBILITY_SECONDS,
        "global_keyprefix": f"{settings.queue_prefix}:",
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_keepalive": True,
    }
    return settings.resolved_broker_url, None, options


def _folders(folder: Path) -> dict[str, Any]:
    messages, control = folder / "messages", folder / "control"
    try:
        for path in (messages, control):
            path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise QueueError(
            f"cannot make the queue's folder {folder} ({error.strerror}); set REALSPIKE_HOME or "
            "REALSPIKE_BROKER_URL to a folder that can be written"
        ) from error
    return {
        # One folder both ways: whoever sends writes where whoever receives looks.
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": POLLING_SECONDS,
    }


class RunQueue:
    """Sends messages about runs; a message that is lost costs time, never a run."""

    def __init__(self, settings: Settings) -> None:
        self._url = maybe_sanitize_url(settings.resolved_broker_url)
        self._folder = settings.broker_folder
        self._app = make_celery(settings)
        # Whoever sends answers a request meanwhile: one try, then the scheduler sees to it.
        self._app.conf.broker_transport_options |= {"max_retries": 1, "interval_start": 0}
        if self._folder is None:
            # A Redis that takes connections and answers nothing must not keep a request for ever.
            self._app.conf.broker_transport_options |= {"socket_timeout": CONNECT_SECONDS}

    def enqueue_run(self, run_id: str) -> None:
        """Ask some worker to look at a run; raises QueueError when the broker does not take it."""
        try:
            self._app.send_task(TASK_LOOK_AT_RUN, args=[run_id], retry=False)
        except _FAILURES as error:
            raise self._unreachable(error) from error

    def check(self) -> None:
        """Raise QueueError when the broker cannot be reached."""
        try:
            if self._folder is not None:
                with TemporaryFile(dir=_folders(self._folder)["data_folder_out"]) as probe:
                    probe.write(b"ok")
            with self._app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0)
        except _FAILURES as error:
            raise self._unreachable(error) from error

    def waiting(self) -> int:
        """Messages that no worker took yet; raises QueueError when the broker does not answer."""
        name = self._app.conf.task_default_queue
        try:
            with self._app.connection_for_write() as connection:
                channel = connection.default_channel
                # Not passively: kombu 5.7 looks for a queue on Redis without the keys' prefix.
                return int(channel.queue_declare(name).message_count)
        except _FAILURES as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Close every connection to the broker."""
        self._app.close()

    def _unreachable(self, error: Exception) -> QueueError:
        return QueueError(
            f"the broker {self._url} cannot be reached ({error}); "
            "check that it runs and that REALSPIKE_BROKER_URL is right"
        )
