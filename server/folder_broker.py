"""Kombu's filesystem broker with files that appear and go whole.

Kombu 5.7 writes a message into the file that a reader may already have taken: on a busy machine
the reader then gets an empty message, which ends a Celery worker. Here a file is written beside
its place and moved there, and a reader takes it by moving it away; each move happens once or not.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.transport.filesystem import exchange_queue_t
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """Messages as files, named by the time they were sent."""

    def _put(  # type: ignore[override]  # kombu's own two parents disagree
        self, queue: str, payload: dict[str, Any], **_: Any
    ) -> None:
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        _write(Path(self.data_folder_out) / name, dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002
        for path in sorted(Path(self.data_folder_in).glob(f"[0-9]*.{queue}.msg")):
            taken = path.with_name(f".{path.name}")
            try:
                path.rename(taken)
            except FileNotFoundError:
                continue  # another worker was quicker
            text = taken.read_text()
            taken.unlink()
            return loads(text)
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        binding = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        table = self.get_table(exchange)
        if binding not in table:
            self.control_folder.mkdir(parents=True, exist_ok=True)
            _write(self._exchange_file(exchange), dumps([binding, *table]))


class Transport(filesystem.Transport):
    """The transport that hands out these channels."""

    Channel = Channel


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{uuid.uuid4()}")
    try:
        beside.write_text(text)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ChannelError(f"cannot write {path}: {error.strerror}") from error
