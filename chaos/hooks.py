"""What chaos changes inside a process of the service, before the service's own code is loaded.

The environment says what: `CHAOS_JOURNAL` names a folder for the journal of what really ran,
`CHAOS_CLOCK` a file with the seconds by which the wall clock is wrong, and `CHAOS_BREAK` what is
switched off to see whether the auditor notices. Only the standard library is loaded here.
"""

from __future__ import annotations

import datetime
import importlib.abc
import importlib.machinery
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime as TrueDatetime
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

JOURNAL = "CHAOS_JOURNAL"
CLOCK = "CHAOS_CLOCK"
BREAK = "CHAOS_BREAK"
FENCING = "fencing"
"""Value of CHAOS_BREAK: a write is accepted from whoever makes it, and no lease runs out."""

LOOK_SECONDS = 0.2
"""How often the clock's file is read."""

Change = Callable[[ModuleType], None]


def install() -> None:
    """Do what the environment says."""
    changes: dict[str, list[Change]] = {}
    if os.environ.get(BREAK) == FENCING:
        changes = {"server.storage.transitions": [_accept_all], "worker.lease": [_never_lost]}
    if os.environ.get(JOURNAL):
        changes.setdefault("server.storage.transitions", []).append(_note_writes)
        changes.setdefault("server.storage.lifecycle", []).append(_note_claims)
    if changes:
        sys.meta_path.insert(0, _ChangingFinder(changes))
    if os.environ.get(CLOCK):
        _move_clock(_Clock(Path(os.environ[CLOCK])))


class _ChangingFinder(importlib.abc.MetaPathFinder):
    """Finds the named modules where they are, and changes each as soon as it is loaded."""

    def __init__(self, changes: Mapping[str, Sequence[Change]]) -> None:
        self._changes = dict(changes)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        changes = self._changes.get(fullname)
        if changes is None:
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if found is not None and found.loader is not None:
            found.loader = _ChangingLoader(found.loader, changes)
        return found


class _ChangingLoader(importlib.abc.Loader):
    def __init__(self, loader: Any, changes: Sequence[Change]) -> None:
        self._loader = loader
        self._changes = changes

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        for change in self._changes:
            change(module)


# The journal. A write is noted when its transaction has committed, with the moment at which it
# asked for the run's lock: a write that asked after a later attempt's claim had committed, and
# was accepted all the same, came past the fence.

_PENDING = "chaos_pending"


def _note_writes(transitions: Any) -> None:
    from sqlalchemy import event
    from sqlalchemy.orm import Session

    lock_owned = transitions.lock_owned

    @wraps(lock_owned)
    def noting(session: Any, run_id: str, attempt: int, **named: Any) -> Any:
        asked = time.monotonic()
        try:
            run = lock_owned(session, run_id, attempt, **named)
        except Exception as error:
            if type(error).__name__ == "StaleAttemptError":
                _write({"what": "refused", "run": run_id, "attempt": attempt, "asked": asked})
            raise
        _pend(session, "write", run_id, attempt, asked)
        return run

    transitions.lock_owned = noting
    event.listen(Session, "after_commit", _settle)
    event.listen(Session, "after_rollback", _forget)


def _note_claims(lifecycle: Any) -> None:
    claim = lifecycle.claim

    @wraps(claim)
    def noting(session: Any, *args: Any, **named: Any) -> Any:
        asked = time.monotonic()
        claimed = claim(session, *args, **named)
        if claimed is not None:
            _pend(session, "claim", claimed.run_id, claimed.attempt, asked)
        return claimed

    lifecycle.claim = noting


def _pend(session: Any, what: str, run_id: str, attempt: int, asked: float) -> None:
    pending = session.info.setdefault(_PENDING, {})
    pending.setdefault((what, run_id, attempt), asked)


def _settle(session: Any) -> None:
    for (what, run_id, attempt), asked in session.info.pop(_PENDING, {}).items():
        _write({"what": what, "run": run_id, "attempt": attempt, "asked": asked})


def _forget(session: Any) -> None:
    session.info.pop(_PENDING, None)


def _write(line: dict[str, Any]) -> None:
    """Append one line in one system call, so that a kill leaves it out or whole."""
    text = json.dumps({**line, "done": time.monotonic(), "pid": os.getpid()}) + "\n"
    path = f"{os.environ[JOURNAL]}/{os.getpid()}.jsonl"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


# What is broken on purpose.


def _accept_all(transitions: Any) -> None:
    def lock_any(session: Any, run_id: str, attempt: int) -> Any:  # noqa: ARG001
        return transitions.lock_run(session, run_id)

    transitions.lock_owned = lock_any


def _never_lost(lease: Any) -> None:
    lease.Lease.stop_reason = lambda self: None  # noqa: ARG005


# The wall clock. Times that the C library reads for itself stay right.


class _Clock:
    """Seconds by which the wall clock is wrong, as a file says; 0 without one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = float("-inf")
        self._seconds = 0

    def seconds(self) -> int:
        moment = time.monotonic()
        if moment - self._read_at > LOOK_SECONDS:
            self._read_at = moment
            try:
                self._seconds = int(self._path.read_text())
            except (OSError, ValueError):
                self._seconds = 0
        return self._seconds


def _move_clock(clock: _Clock) -> None:
    true_time, true_time_ns = time.time, time.time_ns
    time.time = lambda: true_time() + clock.seconds()
    time.time_ns = lambda: true_time_ns() + clock.seconds() * 1_000_000_000

    class AnyDatetime(type):
        """Values of the true class, which the C library makes, count as values of this one."""

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, TrueDatetime)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, TrueDatetime)

    class MovedDatetime(TrueDatetime, metaclass=AnyDatetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return TrueDatetime.now(tz) + datetime.timedelta(seconds=clock.seconds())

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(datetime.UTC).replace(tzinfo=None)

    MovedDatetime.__name__ = MovedDatetime.__qualname__ = "datetime"
    MovedDatetime.__module__ = "datetime"
    datetime.datetime = MovedDatetime  # type: ignore[misc]
