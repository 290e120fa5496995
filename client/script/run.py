"""Run: what a script trains, logged to the service without waiting and without loss."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, SupportsIndex

from client.recorder import CLOSE_SECONDS, Recorder, whole_step
from client.script.ending import End, ProcessEnding, Status, end_of, end_of_code
from client.script.pulse import Pulse
from client.spool.entries import BeginEntry, EndEntry
from client.wire import Json


class Run(Recorder):
    """A run of this process; `realspike.init` makes it. Use it as a context manager, or `finish`.

    An exception inside the `with` block, or one that ends the process, ends the run as failed.
    """

    def __init__(
        self,
        document: Json,
        *,
        url: str,
        begun: bool,
        ending: ProcessEnding,
        spool: Path | None = None,
        close_seconds: float = CLOSE_SECONDS,
    ) -> None:
        super().__init__(document["id"], url=url, spool=spool, close_seconds=close_seconds)
        self._document = document
        self._ending = ending
        self._step = 0
        if not begun:
            self._added(self._outbox.add(BeginEntry(document["started_at"], document)))
        self._pulse = Pulse(self._outbox.url, self.id)

    @property
    def id(self) -> str:
        """Its id, which the service uses too."""
        return self.run_id

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._document["name"])

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self._outbox.url}/runs/{self.id}"

    @property
    def config(self) -> Mapping[str, Any]:
        """Its configuration as the service shows it: nested names are joined with dots."""
        return MappingProxyType(self._document["config"])

    @property
    def cancelled(self) -> bool:
        """True when somebody cancelled it: what is logged is kept, but the run has ended."""
        return self._pulse.cancelled

    def log(
        self,
        data: Mapping[str, Any],
        step: SupportsIndex | None = None,
        *,
        epoch: SupportsIndex | None = None,
    ) -> None:
        """Log numbers at a step, or at the next one; nested names are joined with dots."""
        at = self._step if step is None else whole_step(step)
        self.metrics(dict(_flat(data)), step=at, epoch=epoch)
        self._step = at + 1
        self._ending.go_on()

    def log_artifact(self, path: Path | str, name: str | None = None) -> None:
        """Keep a file, as it is now, with the run; a newer one of the name replaces it."""
        self.file(path, name=name)

    def finish(
        self,
        exit_code: int | None = None,
        *,
        status: Status | None = None,
        detail: str | None = None,
    ) -> int:
        """End the run, as succeeded unless told otherwise, and wait until everything arrived.

        How many entries have not after a bounded time; they are delivered later.
        """
        end = end_of_code(exit_code)
        return self._finish(End(status or end.status, end.exit_code, detail or end.detail))

    def close(self) -> int:
        """End the run as this process ends."""
        return self._finish(self._ending.end)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._finish(end_of(error))

    @property
    def finished(self) -> bool:
        """True when it can be logged to no more."""
        return self._closed or os.getpid() != self._pid

    def _finish(self, end: End) -> int:
        if self.finished:
            return 0
        moment = datetime.now(UTC).isoformat()
        told = {
            "status": end.status,
            "exit_code": end.exit_code,
            "detail": end.detail,
            "finished_at": moment,
        }
        self._added(self._outbox.add(EndEntry(moment, told)))
        self._pulse.stop()
        return super().close()


def _flat(data: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield (f"{above}{name}" if above else name), value
