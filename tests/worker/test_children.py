"""What a worker does for processes that hold attempts; the processes are real."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy.orm import Session

from server.errors import StorageUnavailableError
from server.settings import Settings
from server.storage import lifecycle
from server.storage.database import Database
from server.storage.models import Attempt
from server.storage.runs import attempts_of
from server.storage.states import RunStatus
from tests.support.runs import claim_run, get, make_run
from tests.support.waiting import wait_until
from worker.children import Children, how_it_ended
from worker.holdings import Holdings

HOLD = """
import sys
from pathlib import Path
from worker.holdings import Holdings
with Holdings(Path(sys.argv[1])).hold(sys.argv[2], int(sys.argv[3])) as hold:
    print("held", flush=True)
    for _ in sys.stdin:
        hold.pulse()
        print("alive", flush=True)
"""


class Nursery:
    """Attempts in real processes, and the one who sees to them."""

    def __init__(self, db: Database, folder: Path, **changes: float) -> None:
        self.db = db
        self.folder = folder
        self.holdings = Holdings(folder)
        settings = Settings(**{"lease_seconds": 60, "retry_backoff_seconds": 0, **changes})
        self.children = Children(settings, self.holdings)
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, run_id: str, attempt: int) -> subprocess.Popen[str]:
        """A process that holds an attempt."""
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(self.folder), run_id, str(attempt)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        self.processes.append(process)
        return process

    def end(self, process: subprocess.Popen[str]) -> bool:
        """Kill a process, as the pool sees it; True when it left an attempt behind."""
        process.kill()
        return self.children.ended(process.pid, process.wait())

    def tend(self) -> None:
        self.children.tend(self.write)

    def write(self, change: Callable[[Session], None]) -> None:
        with self.db.write() as session:
            change(session)

    def attempts(self, run_id: str) -> list[Attempt]:
        with self.db.read() as session:
            return attempts_of(session, run_id)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def make(db: Database, tmp_path: Path) -> Iterator[Callable[..., Nursery]]:
    made: list[Nursery] = []

    def nursery(**changes: float) -> Nursery:
        made.append(Nursery(db, tmp_path, **changes))
        return made[-1]

    yield nursery
    for each in made:
        each.close()


def running(db: Database, *, lease_seconds: float = 60) -> str:
    run_id = make_run(db)
    claim_run(db, run_id, lease_seconds=lease_seconds)
    return run_id


def test_the_death_of_a_child_is_reported_with_its_signal(
    db: Database, make: Callable[..., Nursery]
) -> None:
    nursery = make()
    killed, untouched = running(db), running(db)
    process = nursery.start(killed, 1)
    nursery.start(untouched, 1)

    assert nursery.end(process)
    nursery.tend()

    assert get(db, killed).status == RunStatus.QUEUED
    assert nursery.attempts(killed)[0].exit == "signal 9 (SIGKILL)"
    assert get(db, untouched).status == RunStatus.RUNNING
    assert nursery.holdings.take(process.pid) is None


def test_of_two_children_woken_for_one_run_the_idle_one_may_die(
    db: Database, make: Callable[..., Nursery]
) -> None:
    nursery = make()
    run_id = running(db)
    nursery.start(run_id, 1)
    idle = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True)
    nursery.processes.append(idle)

    assert not nursery.end(idle)
    nursery.tend()

    assert get(db, run_id).status == RunStatus.RUNNING


def test_a_death_in_an_outage_is_reported_after_it(
    db: Database, make: Callable[..., Nursery]
) -> None:
    nursery = make()
    run_id = running(db)
    nursery.end(nursery.start(run_id, 1))

    def away(_: Callable[[Session], None]) -> None:
        raise StorageUnavailableError("the database is away")

    with pytest.raises(StorageUnavailableError):
        nursery.children.tend(away)
    assert get(db, run_id).status == RunStatus.RUNNING

    nursery.tend()

    assert get(db, run_id).reason == "lost"


def test_a_child_that_died_after_its_run_had_ended_changes_nothing(
    db: Database, make: Callable[..., Nursery]
) -> None:
    nursery = make()
    run_id = running(db)
    process = nursery.start(run_id, 1)
    with db.write() as session:
        lifecycle.succeed(session, run_id, 1)

    nursery.end(process)
    nursery.tend()

    assert get(db, run_id).status == RunStatus.SUCCEEDED


def test_a_living_child_is_renewed_for_and_a_stopped_one_is_not(
    db: Database, make: Callable[..., Nursery]
) -> None:
    nursery = make()
    living, stopped = running(db, lease_seconds=1), running(db, lease_seconds=1)
    nursery.start(living, 1)
    process = nursery.start(stopped, 1)
    process.send_signal(signal.SIGSTOP)
    wait_until(
        lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, "it is stopped"
    )
    before = {run_id: get(db, run_id).lease_expires_at for run_id in (living, stopped)}

    nursery.tend()

    assert get(db, living).lease_expires_at != before[living]
    assert get(db, stopped).lease_expires_at == before[stopped]


def test_a_child_stopped_for_long_is_ended(db: Database, make: Callable[..., Nursery]) -> None:
    nursery = make(lease_seconds=1, heartbeat_seconds=0.1)
    run_id = running(db)
    process = nursery.start(run_id, 1)
    process.send_signal(signal.SIGSTOP)

    ended_by(nursery, process)

    nursery.children.ended(process.pid, -9)
    nursery.tend()
    assert nursery.attempts(run_id)[0].exit == "signal 9 (SIGKILL): it was stopped for 2 s"


def test_a_child_that_goes_on_without_its_run_is_ended(
    db: Database, make: Callable[..., Nursery]
) -> None:
    nursery = make(lease_seconds=1, heartbeat_seconds=0.1)
    run_id = running(db)
    process = nursery.start(run_id, 1)
    nursery.tend()
    with db.write() as session:
        lifecycle.hand_back(session, run_id, 1, reason="drained")

    ended_by(nursery, process)


def test_a_child_without_a_sign_of_life_is_ended_and_one_with_them_is_not(
    db: Database, make: Callable[..., Nursery]
) -> None:
    nursery = make(hang_seconds=3)
    silent, lively = running(db), running(db)
    process, other = nursery.start(silent, 1), nursery.start(lively, 1)
    assert other.stdin is not None
    assert other.stdout is not None

    def ended() -> bool:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "alive\n"
        nursery.tend()
        return process.poll() is not None

    wait_until(ended, "the silent one is ended")
    assert other.poll() is None


def ended_by(nursery: Nursery, process: subprocess.Popen[str]) -> None:
    """Wait until the process is killed by whoever tends it."""

    def ended() -> bool:
        nursery.tend()
        return process.poll() is not None

    wait_until(ended, "it is ended")
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("code", "said"),
    [(-9, "signal 9 (SIGKILL)"), (-40, "signal 40"), (3, "exit code 3"), (0, "exit code 0")],
)
def test_an_exit_code_in_words(code: int, said: str) -> None:
    assert how_it_ended(code).startswith(said)


def test_without_room_the_holding_is_left_out(tmp_path: Path) -> None:
    nowhere = Holdings(tmp_path / "gone")

    with nowhere.hold("run_1", 1) as hold:
        hold.pulse()

    assert nowhere.all() == []


def test_a_holding_ends_with_its_block(tmp_path: Path) -> None:
    holdings = Holdings(tmp_path)

    with holdings.hold("run_1", 7):
        (found,) = holdings.all()
        assert found.held == ("run_1", 7)

    assert holdings.all() == []
