"""The processes behind `realspike up`: start, watch, restart, and stop all of them in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import httpx

from client.child_process import ChildProcess
from client.place import URL, Address, ServiceError, free_address, home_problem, locked_home
from client.programs import environment_of

__all__ = ["ServiceError", "run_service", "service"]

START_SECONDS = 90.0
STOP_SECONDS = 14.0
"""Everything is gone after this, killed if need be."""
WORKER_STOP_SECONDS = 11.0
"""The part of it that workers may take to hand their runs back."""
LONGEST_BACK_OFF = 30.0
STEADY_SECONDS = 60.0
"""A process that ran so long starts again with the shortest back-off."""


class StoppedBySignal(SystemExit):
    """SIGTERM or SIGHUP asked this process to end."""


def show_on_stderr(line: str) -> None:
    """Print one line to standard error."""
    with suppress(OSError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


class _Service:
    """Server, scheduler and workers of one home."""

    def __init__(
        self,
        home: Path,
        address: Address,
        *,
        workers: int,
        slots: int,
        show: Callable[[str], None],
    ) -> None:
        self._home = home
        self._show = show
        self._env = _environment(home, address, workers=workers, slots=slots)
        self._url = address.url
        self._server = self._child("server", "server")
        self._scheduler = self._child("scheduler", "worker.scheduler")
        self._workers = [self._child(f"worker-{n + 1}", "worker") for n in range(workers)]
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._gone = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def _child(self, name: str, module: str) -> ChildProcess:
        return ChildProcess(
            name,
            [module],
            env=self._env,
            log_file=self._home / "logs" / f"{name}.log",
            show=self._show,
        )

    @property
    def _children(self) -> list[ChildProcess]:
        return [self._server, self._scheduler, *self._workers]

    def start(self) -> None:
        """Migrate, start everything, and wait until the server says it is ready."""
        self._migrate()
        try:
            (self._home / URL).write_text(self._url, encoding="utf-8")
            for child in self._children:
                child.start()
        except OSError as error:
            raise home_problem(self._home, error) from error
        self._wait_until_ready()
        self._watcher.start()

    def _migrate(self) -> None:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "server.storage.migrations"],
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            said = f"{done.stdout}\n{done.stderr}"
            with suppress(OSError):
                (self._home / "logs" / "migrations.log").write_text(said, encoding="utf-8")
            raise ServiceError(f"cannot prepare the database: {_last_line(said)}")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        answer = "no answer"
        with httpx.Client(base_url=self._url, timeout=5.0, trust_env=False) as client:
            while time.monotonic() < deadline:
                for child in self._children:
                    code = child.exit_code()
                    if code is not None:
                        child.drain_output()
                        raise ServiceError(
                            f"{child.name} stopped while starting (exit {code}): "
                            f"{child.last_line}; see {child.log_file}"
                        )
                try:
                    response = client.get("/api/v1/ready")
                except httpx.TransportError as error:
                    answer = str(error)
                else:
                    if response.is_success:
                        return
                    answer = response.text[:300]
                time.sleep(0.1)
        raise ServiceError(
            f"the server was not ready after {START_SECONDS:.0f} s ({answer}); "
            f"see {self._server.log_file}"
        )

    def _watch(self) -> None:
        # This thread lives until every process is gone: those it restarted depend on it.
        back_off = dict.fromkeys(self._children, 1.0)
        due: dict[ChildProcess, float] = {}
        while not self._gone.wait(0.2):
            for child in self._children if not self._stopping.is_set() else []:
                code = child.exit_code()
                if code is None:
                    continue
                now = time.monotonic()
                if child not in due:
                    if now - child.started_at > STEADY_SECONDS:
                        back_off[child] = 1.0
                    due[child] = now + back_off[child]
                    self._show(
                        f"{child.name} ended unexpectedly ({_how(code, child)}); starting it "
                        f"again in {back_off[child]:.0f} s; see {child.log_file}"
                    )
                    back_off[child] = min(LONGEST_BACK_OFF, back_off[child] * 2)
                elif now >= due[child]:
                    self._restart(child)
                    del due[child]

    def _restart(self, child: ChildProcess) -> None:
        child.end_group()
        with self._starting:
            if self._stopping.is_set():
                return
            try:
                child.start()
            except OSError as error:
                self._show(f"{child.name} did not start: {home_problem(self._home, error)}")

    def stop(self) -> None:
        """Stop workers, then scheduler and server; whatever is left then is killed."""
        begun = time.monotonic()
        try:
            with self._starting:
                self._stopping.set()
            self._ask(self._workers, begun + WORKER_STOP_SECONDS)
            self._ask([self._scheduler, self._server], begun + STOP_SECONDS)
        finally:
            for child in self._children:
                child.end_group()
            self._gone.set()

    def _ask(self, children: list[ChildProcess], deadline: float) -> None:
        for child in children:
            child.ask_to_stop()
        for child in children:
            if not child.wait_until(deadline):
                self._show(f"{child.name} did not stop in time; it is killed")


def _environment(home: Path, address: Address, *, workers: int, slots: int) -> dict[str, str]:
    env = environment_of(home) | {
        "REALSPIKE_HOST": address.host,
        "REALSPIKE_PORT": str(address.port),
        "PYTHONUNBUFFERED": "1",
    }
    env.setdefault("REALSPIKE_LOG_FORMAT", "text")  # whoever runs `up` reads the files themselves
    if slots:
        env["REALSPIKE_WORKER_SLOTS"] = str(slots)
    if workers > 1:
        # Each worker takes the whole machine for its own unless it is told its share.
        env.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
    return env


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _how(code: int, child: ChildProcess) -> str:
    if code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    child.drain_output()
    return f"exit {code}: {child.last_line}"


@contextmanager
def _signals_as_exit() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does, in the main thread; elsewhere nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _frame: FrameType | None) -> None:
        raise StoppedBySignal(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def service(
    *,
    home: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    workers: int = 1,
    slots: int = 0,
    show: Callable[[str], None] = show_on_stderr,
) -> Iterator[str]:
    """The running service's base URL; every process is gone when the block ends.

    A second Ctrl-C while it stops kills what is left at once.

    Raises:
        ServiceError: if the home, the port or a process keeps it from starting.
    """
    home = home.expanduser().absolute()
    with _signals_as_exit(), locked_home(home):
        address = free_address(host, port)
        running = _Service(home, address, workers=workers, slots=slots, show=show)
        try:
            running.start()
            yield address.url
        finally:
            running.stop()


def run_service(
    *,
    home: Path,
    host: str,
    port: int,
    workers: int,
    slots: int,
    on_ready: Callable[[str], None],
) -> int:
    """Run the service until Ctrl-C or SIGTERM; the exit code is 0, or 1 when it could not run."""
    try:
        with service(home=home, host=host, port=port, workers=workers, slots=slots) as url:
            on_ready(url)
            threading.Event().wait()
    except ServiceError as error:
        show_on_stderr(f"error: {error}")
        return 1
    except (KeyboardInterrupt, StoppedBySignal):
        show_on_stderr("stopped; runs that trained go on from their checkpoint the next time")
    return 0
