"""Stages: a whole service on private stores, whose every part can be disturbed by name."""

from __future__ import annotations

import secrets
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from chaos import hooks
from chaos.audit.evidence import Places
from chaos.audit.reading import DatabaseAwayError, Reader
from chaos.disk import Disk
from chaos.processes import Process, end_marked, family, marked, send
from server.queue import RunQueue
from server.settings import Settings
from server.storage.database import migrate
from tests.support.environment import environment_of
from tests.support.services import (
    PrivatePostgres,
    PrivateRedis,
    free_port,
    fresh_database,
    private_postgres,
    private_redis,
    shown,
)
from tests.support.waiting import wait_until
from tests.worker.proxy import Proxy

START_SECONDS = 90.0

FAST: dict[str, Any] = {
    "lease_seconds": 3,
    "heartbeat_seconds": 0.5,
    "scheduler_seconds": 0.25,
    "wake_again_seconds": 2,
    "retry_backoff_seconds": 0.1,
    "max_lost_attempts": 100,
    "quarantine_after": 0,
    "sweep_seconds": 2,
    "worker_slots": 1,
    "device": "cpu",
    "log_level": "info",
}
"""Short times, so that much can happen in minutes; no run is given up as poison, and no worker
is taken for a bad machine."""

UP = "import sys; from client.cli.main import run; sys.argv[1:1] = ['up']; run()"
RESTART_SECONDS = 1.0
"""Pause before something that ended by itself is started again."""

RUNNING = (
    "SELECT run.id AS run, run.attempt AS attempt, worker.pid AS pid FROM run "
    "LEFT JOIN worker ON worker.id = run.worker_id WHERE run.status = 'running'"
)


@dataclass(frozen=True, slots=True)
class Hit:
    """An attempt that was running when a fault struck."""

    run: str
    attempt: int


class Stage(ABC):
    """A service with `workers` workers in a folder of its own; use it as a context manager.

    `broken` names what is switched off in it, to see whether the auditor notices.
    """

    def __init__(
        self, folder: Path, *, workers: int, broken: str | None = None, **changes: Any
    ) -> None:
        self.workers = [f"worker-{number + 1}" for number in range(workers)]
        self.places: Places
        self.settings: Settings
        """As chaos itself reaches the stores."""
        self.disk: Disk
        self.clock = folder / "clock"
        self._folder = folder
        self._broken = {} if broken is None else {hooks.BREAK: broken}
        self._changes = changes
        self._mark = secrets.token_hex(8)
        self._stack = ExitStack()
        self._processes: dict[str, Process] = {}
        self._wanted: set[str] = set()
        self._asked: set[str] = set()
        """Those that were told to end, and may take a while."""
        self._due: dict[str, float] = {}
        self._said: list[str] = []

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://{self.settings.host}:{self.settings.port}"

    def __enter__(self) -> Self:
        with self._stack:  # undo what was done when the rest fails
            for name in ("journal", "logs", "tmp"):
                (self._folder / name).mkdir(parents=True)
            self.disk = Disk(self._folder / "disk")
            self._stack.callback(self.disk.close)
            self.settings = self._make_settings()
            self._stack.callback(self._end_all)
            migrate(self.settings.resolved_database_url)
            self.places = Places(
                database_url=self.settings.resolved_database_url,
                artifacts=Path(self.settings.resolved_artifacts_url),
                journal=self._folder / "journal",
                scratch=self._folder / "tmp",
                logs=self._logs(),
            )
            self._start()
            wait_until(self.ready, f"the service is ready, see {self.places.logs}", START_SECONDS)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ready(self) -> bool:
        """True when the server answers that all is well and every worker is there."""
        with suppress(httpx.TransportError, DatabaseAwayError):
            answer = httpx.get(f"{self.url}/api/v1/ready", timeout=5, trust_env=False)
            known = Reader(self.places.database_url).rows("SELECT pid FROM worker")
            pids = {row["pid"] for row in known}
            return answer.is_success and all(self.pid(name) in pids for name in self.workers)
        return False

    def running(self) -> list[tuple[Hit, int | None]]:
        """Attempts that run now, each with the process id of its worker; empty when unknown."""
        with suppress(DatabaseAwayError):
            rows = Reader(self.places.database_url).rows(RUNNING)
            return [(Hit(row["run"], row["attempt"]), row["pid"]) for row in rows]
        return []

    @contextmanager
    def queue(self) -> Iterator[RunQueue]:
        """The queue, to send messages that nobody needs."""
        queue = RunQueue(self.settings)
        try:
            yield queue
        finally:
            queue.close()

    def pid(self, name: str) -> int | None:
        """Process id of a part, or None while it is down."""
        return self._processes[name].pid

    def children(self, name: str) -> list[psutil.Process]:
        """What a part started."""
        return family(self.pid(name))[1:]

    def kill(self, name: str) -> None:
        """SIGKILL a part, and not what it started."""
        self._end(name, signal.SIGKILL)

    def ask_to_stop(self, name: str) -> None:
        """SIGTERM a part."""
        self._end(name, signal.SIGTERM)

    def _end(self, name: str, number: signal.Signals) -> None:
        self._wanted.discard(name)
        self._asked.add(name)
        send(family(self.pid(name))[:1], number)

    def revive(self, name: str) -> None:
        """Start a part again as soon as it has ended, unless something else does so."""
        if name in self._processes:
            self._wanted.add(name)
            self._start_ended()

    def tend(self) -> list[str]:
        """Start what has ended; which ended by themselves since the last call, for the log."""
        self._start_ended()
        said, self._said = self._said, []
        return said

    def _start_ended(self) -> None:
        moment = time.monotonic()
        ended = {name for name in self._wanted if self._processes[name].pid is None}
        new = ended - self._asked - self._due.keys()
        self._said += [f"{name} (exit {self._processes[name].exit_code})" for name in sorted(new)]
        self._due = {
            name: self._due.get(name, moment + RESTART_SECONDS) for name in ended - self._asked
        }
        for name in ended:
            if self._due.get(name, moment) <= moment:
                self._asked.discard(name)
                self._processes[name].start()

    def _end_all(self) -> None:
        end_marked(self._mark)
        for process in self._processes.values():
            process.close()

    def environment(self, settings: Settings) -> dict[str, str]:
        """Of every process of the service."""
        others = environment_of(settings) | {
            "TMPDIR": str(self._folder / "tmp"),
            hooks.JOURNAL: str(self._folder / "journal"),
            **self._broken,
        }
        return marked(self._mark, others)

    def _given(self) -> dict[str, Any]:
        return {
            "home": self._folder / "home",
            "artifacts_url": str(self.disk.folder / "artifacts"),
            "port": free_port(),
            **FAST,
            **self._changes,
        }

    def _logs(self) -> Path:
        return self._folder / "logs"

    @abstractmethod
    def _make_settings(self) -> Settings:
        """Settings on stores that are there."""

    @abstractmethod
    def _start(self) -> None:
        """Start every process."""


class Line:
    """A worker's own line to the stores."""

    def __init__(self, postgres: PrivatePostgres, redis: PrivateRedis) -> None:
        folder = str(postgres.url.query["host"])
        self._postgres = Proxy(folder, 5432)
        self._redis = Proxy("127.0.0.1", redis.port)

    def settings(self, settings: Settings) -> Settings:
        """The settings of whoever is at its end."""
        name = settings.database_url.partition("?")[0].rpartition("/")[2]
        return settings.model_copy(
            update={
                "database_url": f"postgresql://postgres@127.0.0.1:{self._postgres.port}/{name}",
                "broker_url": f"redis://127.0.0.1:{self._redis.port}/0",
            }
        )

    def each(self, change: Callable[[Proxy], None]) -> None:
        """Do something to both ways."""
        for way in (self._postgres, self._redis):
            change(way)

    def close(self) -> None:
        """End it."""
        self.each(Proxy.close)


class TeamStage(Stage):
    """Postgres and Redis, a server, a scheduler, and each worker behind a line of its own."""

    def __init__(self, folder: Path, *, workers: int, **changes: Any) -> None:
        super().__init__(folder, workers=workers, **changes)
        self.postgres: PrivatePostgres
        self.redis: PrivateRedis
        self.lines: dict[str, Line] = {}

    @property
    def skewed(self) -> str:
        """The worker whose wall clock can be wrong."""
        return self.workers[-1]

    def _make_settings(self) -> Settings:
        self.postgres = self._stack.enter_context(private_postgres())
        self.redis = self._stack.enter_context(private_redis())
        url = self._stack.enter_context(fresh_database(self.postgres.url, durable=True))
        return Settings(**self._given(), database_url=shown(url), broker_url=self.redis.url)

    def _start(self) -> None:
        self._add("server", "server", self.settings)
        self._add("scheduler", "worker.scheduler", self.settings)
        for name in self.workers:
            line = self.lines[name] = Line(self.postgres, self.redis)
            self._stack.callback(line.close)
            self._add(name, "worker", line.settings(self.settings))
        for name in self._processes:
            self._asked.add(name)
            self.revive(name)

    def _add(self, name: str, module: str, settings: Settings) -> None:
        env = self.environment(settings)
        if name == self.skewed:
            env[hooks.CLOCK] = str(self.clock)
        log = self.places.logs / f"{name}.log"
        self._processes[name] = Process(name, ["-m", module], env=env, log=log)


class EmbeddedStage(Stage):
    """`realspike up`: SQLite, the folder as a queue, and a supervisor that starts all the rest."""

    SUPERVISOR = "supervisor"

    def _make_settings(self) -> Settings:
        return Settings(**self._given())

    def _logs(self) -> Path:
        folder = self.settings.home / "logs"
        folder.mkdir(parents=True)
        return folder

    def _start(self) -> None:
        options = ["--port", str(self.settings.port), "--workers", str(len(self.workers))]
        self._processes[self.SUPERVISOR] = Process(
            self.SUPERVISOR,
            ["-c", UP, *options],
            env=self.environment(self.settings),
            log=self.places.logs / "supervisor.log",
        )
        self._asked.add(self.SUPERVISOR)
        self.revive(self.SUPERVISOR)

    def pid(self, name: str) -> int | None:
        """Process id of a part, or None while it is down."""
        if name == self.SUPERVISOR:
            return super().pid(name)
        module = {"server": "server", "scheduler": "worker.scheduler"}.get(name, "worker")
        found = [child.pid for child in self._parts() if _module(child) == module]
        place = self.workers.index(name) if name in self.workers else 0
        return found[place] if place < len(found) else None

    def _parts(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            supervisor = super().pid(self.SUPERVISOR)
            if supervisor is not None:
                children = psutil.Process(supervisor).children()
                return sorted(children, key=lambda child: child.pid)
        return []

    def cut_power(self) -> None:
        """SIGKILL every process at once."""
        everything = family(super().pid(self.SUPERVISOR))
        self.kill(self.SUPERVISOR)
        send(everything, signal.SIGKILL)


def _module(process: psutil.Process) -> str:
    with suppress(psutil.Error, IndexError):
        return process.cmdline()[-1]
    return ""
