"""Recorder: record metrics and files of an own script to a run, without waiting and without loss.

from client.recorder import Recorder

with Recorder("run_01k...") as recorder:
    recorder.metrics({"robust_acc": 0.91}, step=1000, epoch=10)
    recorder.file("confusion.png")
"""

from __future__ import annotations

import atexit
import logging
import math
import operator
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, SupportsFloat, SupportsIndex

from client.api import Client
from client.errors import InputError
from client.spool.courier import Courier
from client.spool.delivery import MOST_NAMES
from client.spool.journal import Place
from client.spool.spool import Spool
from rscore.hints import command

LARGEST_STEP = 2**53 - 1
LARGEST_EPOCH = 2**31 - 1
CLOSE_SECONDS = 10.0
REQUEST_SECONDS = 15.0
"""A request that the service is silent on for so long is sent again."""
_METRIC = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_FILE = re.compile(r"[^\x00-\x1f\x7f/\\.][^\x00-\x1f\x7f/\\]{0,199}")

log = logging.getLogger("realspike")


class Recorder:
    """Records to one run; use it as a context manager, or call `close`.

    `metrics` and `file` return as soon as what they got is on this machine's disk. A thread
    delivers it, in order, also after the service was away; what is still there when the process
    ends is delivered by the next Recorder on the same spool, or by `realspike spool drain`.
    """

    def __init__(
        self,
        run_id: str,
        *,
        url: str | None = None,
        spool: Path | None = None,
        close_seconds: float = CLOSE_SECONDS,
    ) -> None:
        url = url or os.environ.get("REALSPIKE_URL")
        client = Client(url, patience=0, timeout=REQUEST_SECONDS)
        outboxes = Spool(spool)
        self._outbox = outboxes.outbox(client.url, run_id)
        others = (
            outbox
            for outbox in outboxes.outboxes(client.url)
            if outbox.run_id != run_id and not outbox.is_empty()
        )
        self._courier = Courier(client, self._outbox, others)
        self._close_seconds = close_seconds
        self._last: Place | None = None
        self._left_out: set[str] = set()
        self._pid = os.getpid()
        self._closed = False
        atexit.register(self.close)

    @property
    def run_id(self) -> str:
        """The run that is recorded to."""
        return self._outbox.run_id

    @property
    def folder(self) -> Path:
        """Where entries wait."""
        return self._outbox.folder

    def metrics(
        self,
        values: Mapping[str, SupportsFloat],
        *,
        step: SupportsIndex,
        epoch: SupportsIndex | None = None,
    ) -> None:
        """Record values of metrics at a step; a value that is there already is replaced.

        Values that are not finite are left out, since the service stores none, and said once.
        """
        self._check_open()
        at = whole_step(step)
        of = None if epoch is None else _whole("epoch", epoch, LARGEST_EPOCH)
        numbers = {_name(name): _number(name, value) for name, value in values.items()}
        kept = [(name, value) for name, value in numbers.items() if math.isfinite(value)]
        self._say_left_out(numbers.keys() - dict(kept).keys(), at)
        for first in range(0, len(kept), MOST_NAMES):
            part = dict(kept[first : first + MOST_NAMES])
            self._added(self._outbox.add_metrics(at, of, part))

    def file(self, path: Path | str, *, name: str | None = None) -> None:
        """Record a file as it is now, under its own name or another; a newer one replaces it."""
        self._check_open()
        path = Path(path)
        self._added(self._outbox.add_file(path, _file_name(name or path.name)))

    def close(self) -> int:
        """Wait, for a bounded time, until everything is delivered; how many entries still wait."""
        if self._closed or os.getpid() != self._pid:
            return 0
        self._closed = True
        atexit.unregister(self.close)
        self._courier.finish(self._last, self._close_seconds)
        waiting = self._outbox.waiting().entries
        if waiting:
            log.warning(
                "%d entries of run %s wait in %s; the next script that records on this spool, or "
                "`%s`, delivers them",
                waiting,
                self.run_id,
                self.folder,
                command("spool drain"),
            )
        return waiting

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _added(self, place: Place) -> None:
        self._last = place
        self._courier.wake()

    def _check_open(self) -> None:
        if os.getpid() != self._pid:
            raise InputError("this Recorder was made in another process; make one in this process")
        if self._closed:
            raise InputError("this Recorder is closed; make a new one to record more")

    def _say_left_out(self, names: set[str], step: int) -> None:
        for name in sorted(names - self._left_out):
            self._left_out.add(name)
            log.warning(
                "metric %s at step %d is not finite and was left out; so will be the next ones",
                name,
                step,
            )


def whole_step(step: SupportsIndex) -> int:
    """The step as a number; raises InputError for what is none."""
    return _whole("step", step, LARGEST_STEP)


def _whole(noun: str, number: SupportsIndex, largest: int) -> int:
    try:
        whole = operator.index(number)
    except TypeError:
        raise InputError(f"{noun} {number!r} is not a whole number") from None
    if not 0 <= whole <= largest:
        raise InputError(f"{noun} {whole} is not between 0 and {largest}")
    return whole


def _name(name: str) -> str:
    if not isinstance(name, str) or not _METRIC.fullmatch(name):
        raise InputError(
            f"{name!r} is not a name of a metric: 1 to 200 characters, no control characters"
        )
    return name


def _number(name: str, value: SupportsFloat) -> float:
    try:
        if not isinstance(value, str):  # float() would read it
            return float(value)
    except (TypeError, ValueError, RuntimeError):
        pass
    raise InputError(f"metric {name!r} is {value!r}, which is not one number")


def _file_name(name: str) -> str:
    if not _FILE.fullmatch(name):
        raise InputError(
            f"{name!r} is not a name of a file: 1 to 200 characters, no slashes, no dot at its "
            "beginning; choose another with name="
        )
    return name
