"""Faults: what goes wrong, for how long, and how it is put right again."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import redis

from chaos.audit.reading import DatabaseAwayError, Reader
from chaos.processes import family, send
from chaos.stage import EmbeddedStage, Hit, Stage, TeamStage
from server.errors import QueueError
from tests.worker.proxy import Proxy

HOUR = 3600
CLOCK_ERRORS = (-9 * HOUR, -2 * HOUR, 2 * HOUR, 9 * HOUR)
EVERY_RUN = "SELECT id FROM run ORDER BY id DESC LIMIT 12"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong: `begin`, `lasts` seconds, `end`."""

    kind: str
    target: str
    begin: Callable[[], object]
    end: Callable[[], object]
    lasts: float
    hits: list[Hit]
    """Attempts that ran where it struck, as it struck."""
    parts: frozenset[str]
    """Parts of the stage that nothing else may disturb meanwhile."""


Make = Callable[[Stage, random.Random], Fault | None]
"""Makes a fault of one kind; None where there is nothing to disturb now."""


def nothing() -> None:
    """What there is to put right after a fault that is over at once."""


def _pause(rng: random.Random) -> float:
    return rng.uniform(0.2, 3.0)


def _beyond_lease(stage: Stage, rng: random.Random) -> float:
    return stage.settings.lease_seconds * rng.uniform(1.2, 1.8)


def _on(stage: Stage, worker: str) -> list[Hit]:
    pid = stage.pid(worker)
    return [hit for hit, where in stage.running() if where == pid]


def _anywhere(stage: Stage) -> list[Hit]:
    return [hit for hit, _ in stage.running()]


def _all(stage: Stage) -> frozenset[str]:
    return frozenset({"server", "scheduler", *stage.workers})


def _busy_worker(stage: Stage, rng: random.Random) -> str:
    """A worker that trains, where one does."""
    pids = {pid for _, pid in stage.running()}
    busy = [name for name in stage.workers if stage.pid(name) in pids]
    return rng.choice(busy or stage.workers)


def kill_worker(stage: Stage, rng: random.Random) -> Fault | None:
    """SIGKILL a worker's parent process alone."""
    name = _busy_worker(stage, rng)
    return Fault(
        "kill worker",
        name,
        lambda: stage.kill(name),
        lambda: stage.revive(name),
        _pause(rng),
        _on(stage, name),
        frozenset({name}),
    )


def kill_machine(stage: Stage, rng: random.Random) -> Fault | None:
    """SIGKILL a worker with all its children, as when its machine goes off."""
    name = _busy_worker(stage, rng)

    def begin() -> None:
        children = stage.children(name)
        stage.kill(name)
        send(children, signal.SIGKILL)

    return Fault(
        "kill machine",
        name,
        begin,
        lambda: stage.revive(name),
        _pause(rng),
        _on(stage, name),
        frozenset({name}),
    )


def kill_child(stage: Stage, rng: random.Random) -> Fault | None:
    """SIGKILL the process that trains."""
    name = _busy_worker(stage, rng)
    children = stage.children(name)
    if not children:
        return None
    return Fault(
        "kill child",
        name,
        lambda: send(children, signal.SIGKILL),
        nothing,
        0,
        _on(stage, name),
        frozenset({name}),
    )


def kill_successor(stage: Stage, rng: random.Random) -> Fault | None:
    """SIGKILL the process that trains, and the next one soon: as it waits for work or takes it."""
    name = _busy_worker(stage, rng)

    def kill() -> None:
        send(stage.children(name), signal.SIGKILL)

    return Fault(
        "kill child twice",
        name,
        kill,
        kill,
        rng.uniform(0.0, 1.0),
        _on(stage, name),
        frozenset({name}),
    )


def _kill_part(name: str) -> Make:
    def make(stage: Stage, rng: random.Random) -> Fault | None:
        return Fault(
            f"kill {name}",
            name,
            lambda: stage.kill(name),
            lambda: stage.revive(name),
            _pause(rng),
            _anywhere(stage),
            frozenset({name}),
        )

    return make


def freeze_worker(stage: Stage, rng: random.Random) -> Fault | None:
    """SIGSTOP a worker and its children until its lease is long over: a zombie that comes back."""
    name = _busy_worker(stage, rng)
    frozen = family(stage.pid(name))
    return Fault(
        "freeze worker",
        name,
        lambda: send(frozen, signal.SIGSTOP),
        lambda: send(frozen, signal.SIGCONT),
        _beyond_lease(stage, rng),
        _on(stage, name),
        frozenset({name}),
    )


def roll(stage: Stage, rng: random.Random) -> Fault | None:
    """SIGTERM to everything and a new start, as in an update."""
    names = sorted(_all(stage))

    def begin() -> None:
        for name in names:
            stage.ask_to_stop(name)

    def end() -> None:
        for name in names:
            stage.revive(name)

    return Fault(
        "rolling restart",
        "all",
        begin,
        end,
        rng.uniform(3, 6),
        _anywhere(stage),
        _all(stage),
    )


def fill_disk(stage: Stage, rng: random.Random) -> Fault | None:
    """No room where files are stored."""
    if not stage.disk.small:
        return None
    return Fault(
        "fill disk",
        "artifact store",
        stage.disk.fill,
        stage.disk.free,
        rng.uniform(1, 3),
        _anywhere(stage),
        frozenset({"disk"}),
    )


def double_messages(stage: Stage, rng: random.Random) -> Fault | None:  # noqa: ARG001
    """Messages once more about runs that wait, train or have ended."""
    try:
        known = [row["id"] for row in Reader(stage.places.database_url).rows(EVERY_RUN)]
    except DatabaseAwayError:
        return None

    def begin() -> None:
        with stage.queue() as queue, suppress(QueueError):
            for run_id in [*known, *known]:
                queue.enqueue_run(run_id)

    return Fault(
        "double messages", "queue", begin, nothing, 0, _anywhere(stage), frozenset({"queue"})
    )


def stop_redis(stage: TeamStage, rng: random.Random) -> Fault | None:
    """Redis killed; it comes back empty."""
    return Fault(
        "stop redis",
        "redis",
        stage.redis.stop,
        stage.redis.start,
        rng.uniform(0.5, 6),
        _anywhere(stage),
        frozenset({"redis", "queue"}),
    )


def flush_redis(stage: TeamStage, rng: random.Random) -> Fault | None:  # noqa: ARG001
    """FLUSHALL: every message is gone, under the workers' hands."""

    def begin() -> None:
        with redis.Redis.from_url(stage.redis.url) as client, suppress(redis.RedisError):
            client.flushall()

    return Fault("flush redis", "redis", begin, nothing, 0, _anywhere(stage), frozenset({"redis"}))


def stop_postgres(stage: TeamStage, rng: random.Random) -> Fault | None:
    """Postgres ended like a crash; it recovers from its log."""
    return Fault(
        "stop postgres",
        "postgres",
        stage.postgres.stop,
        stage.postgres.start,
        rng.uniform(0.5, 6),
        _anywhere(stage),
        frozenset({"postgres"}),
    )


def _disturb_line(kind: str, begin: Callable[[Proxy], None]) -> Callable[..., Fault | None]:
    def make(stage: TeamStage, rng: random.Random) -> Fault | None:
        name = _busy_worker(stage, rng)
        line = stage.lines[name]
        return Fault(
            kind,
            name,
            lambda: line.each(begin),
            lambda: line.each(Proxy.mend),
            _beyond_lease(stage, rng),
            _on(stage, name),
            frozenset({name}),
        )

    return make


def move_clock(stage: TeamStage, rng: random.Random) -> Fault | None:
    """The wall clock of a worker's machine is hours wrong, either way."""
    seconds = rng.choice(CLOCK_ERRORS)
    return Fault(
        "move clock",
        f"{stage.skewed} by {seconds} s",
        lambda: stage.clock.write_text(str(seconds)),
        lambda: stage.clock.write_text("0"),
        rng.uniform(5, 15),
        _on(stage, stage.skewed),
        frozenset({"clock"}),
    )


def kill_supervisor(stage: EmbeddedStage, rng: random.Random) -> Fault | None:
    """SIGKILL what starts everything; the next one finds the last one's processes."""
    return Fault(
        "kill supervisor",
        stage.SUPERVISOR,
        lambda: stage.kill(stage.SUPERVISOR),
        lambda: stage.revive(stage.SUPERVISOR),
        _pause(rng),
        _anywhere(stage),
        _all(stage),
    )


def cut_power(stage: EmbeddedStage, rng: random.Random) -> Fault | None:
    """SIGKILL everything at once."""
    return Fault(
        "cut power",
        stage.SUPERVISOR,
        stage.cut_power,
        lambda: stage.revive(stage.SUPERVISOR),
        _pause(rng),
        _anywhere(stage),
        _all(stage),
    )


def restart_all(stage: EmbeddedStage, rng: random.Random) -> Fault | None:
    """SIGTERM to the supervisor, and a new start."""
    return Fault(
        "restart",
        stage.SUPERVISOR,
        lambda: stage.ask_to_stop(stage.SUPERVISOR),
        lambda: stage.revive(stage.SUPERVISOR),
        rng.uniform(4, 8),
        _anywhere(stage),
        _all(stage),
    )


def lose_messages(stage: EmbeddedStage, rng: random.Random) -> Fault | None:  # noqa: ARG001
    """Every message in the queue's folder is gone."""

    def begin() -> None:
        folder = stage.settings.broker_folder
        for path in (folder / "messages").glob("*.msg") if folder else ():
            path.unlink(missing_ok=True)

    return Fault(
        "lose messages", "queue", begin, nothing, 0, _anywhere(stage), frozenset({"queue"})
    )


SHARED: Mapping[Callable[..., Fault | None], int] = {
    kill_child: 3,
    kill_successor: 2,
    kill_worker: 2,
    kill_machine: 2,
    _kill_part("scheduler"): 1,
    _kill_part("server"): 2,
    freeze_worker: 2,
    fill_disk: 1,
    double_messages: 3,
}
TEAM: Mapping[Callable[..., Fault | None], int] = {
    **SHARED,
    roll: 1,
    stop_redis: 1,
    flush_redis: 1,
    stop_postgres: 2,
    _disturb_line("cut network", Proxy.cut): 1,
    _disturb_line("silence network", Proxy.hold): 1,
    move_clock: 1,
}
EMBEDDED: Mapping[Callable[..., Fault | None], int] = {
    **SHARED,
    kill_supervisor: 2,
    cut_power: 2,
    restart_all: 1,
    lose_messages: 1,
}
"""How often each kind is in the deck that faults are drawn from."""


def deck_of(stage: Stage) -> Mapping[Callable[..., Fault | None], int]:
    """The faults that fit a stage."""
    return TEAM if isinstance(stage, TeamStage) else EMBEDDED
