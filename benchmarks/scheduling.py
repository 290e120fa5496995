"""What it costs to bring a run to a worker and back, beside Celery and Ray Tune."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import httpx
import psutil
import psycopg
import redis

from benchmarks.noop_celery import DONE, START, make_app
from benchmarks.processes import PEERS, ROOT, free_port, made_environment, run_json, serving
from benchmarks.report import Report
from benchmarks.trackers import new_database
from benchmarks.writes import spread
from server.storage.database import migrate
from tests.support.services import forget_keys, postgres_server, redis_server

RUNS = int(os.environ.get("REALSPIKE_BENCH_RUNS", "1000"))
IDLE_RUNS = 50
RAY_TRIALS = min(RUNS, 40)
"""Fewer, since each takes more than a second; the time of one is what is compared."""
WORKERS = 2
RAY = "ray[tune]==2.60.0"
PATIENCE = 3600.0

COLUMNS = [
    "what",
    "implementation",
    "runs",
    "runs/s",
    "ms a run",
    "CPU ms a run",
    "median ms",
    "p95",
]
Row = list[str | float | None]


def report() -> Report:
    """The scheduling table."""
    load = os.getloadavg()[0]
    rows: list[Row] = []
    with postgres_server() as server, redis_server() as broker, new_database(server) as database:
        ours = _realspike(database, broker)
        rows += ours.rows
        rows += _celery(broker)
    rows += _ray()
    notes = [
        f"load of the machine before: {load:.1f} on {os.cpu_count()} cores, which everything "
        "shares.",
        f"throughput: {RUNS:,} runs queued at once (of Ray Tune {RAY_TRIALS} trials), {WORKERS} "
        "worker processes of one slot each; from the first request to the last end. CPU: of all "
        "processes but Postgres and Redis.",
        f"idle queue: {IDLE_RUNS} runs one after the other, from its creation to its start on a "
        "worker, each by the clock of the database (Celery: of the machine).",
        f"realspike: one study over REST, Postgres with its own fsync. Exactly once: {ours.once}.",
        "A run of ours is claimed, leased, told as events, registered as a model and ended in "
        "fenced transactions; a Celery task is a message that somebody took, and a trial of Ray "
        "Tune an actor of its own with a folder of results.",
    ]
    return Report("scheduling", "Scheduling runs that do nothing", COLUMNS, rows, notes)


@dataclass(frozen=True, slots=True)
class Ours:
    """The rows of this service, and whether each run was worked once."""

    rows: list[Row]
    once: str


def _realspike(database_url: str, broker_url: str) -> Ours:
    migrate(database_url)
    prefix = f"realspike-bench-{secrets.token_hex(4)}"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        environment = {
            "REALSPIKE_HOME": home,
            "REALSPIKE_PORT": str(port),
            "REALSPIKE_DATABASE_URL": database_url,
            "REALSPIKE_BROKER_URL": broker_url,
            "REALSPIKE_QUEUE_PREFIX": prefix,
            "REALSPIKE_WORKER_SLOTS": "1",
            "REALSPIKE_DEVICE": "cpu",
            "REALSPIKE_STUDY_RUN_LIMIT": str(max(RUNS, 1)),
        }
        stack.callback(forget_keys, broker_url, prefix)
        server = [sys.executable, "-m", "server"]
        pids = [stack.enter_context(serving(server, environment, f"{url}/api/v1/health")).pid]
        modules = ["worker.scheduler", *["tests.support.no_op_worker"] * WORKERS]
        pids += [stack.enter_context(_started(module, environment)) for module in modules]
        client = stack.enter_context(httpx.Client(base_url=f"{url}/api/v1", timeout=120))
        database = stack.enter_context(psycopg.connect(database_url, autocommit=True))
        alive = "SELECT count(*) FROM worker"
        _until(partial(_is, database, alive, WORKERS), "the workers are there")
        _one_by_one(client, database, WORKERS)  # each child connects before its first run
        return _measured(client, database, pids)


def _measured(client: httpx.Client, database: psycopg.Connection, pids: list[int]) -> Ours:
    waits = _one_by_one(client, database, IDLE_RUNS)
    before, began = _cpu(pids), time.perf_counter()
    made = client.post("/studies", json={"name": "no-op", "seeds": RUNS}).raise_for_status().json()
    submitted = time.perf_counter() - began
    open_runs = f"SELECT count(*) FROM run WHERE study_id = '{made['id']}' AND finished_at IS NULL"
    _until(partial(_is, database, open_runs, 0), "every run has ended")
    seconds, used = time.perf_counter() - began, _cpu(pids) - before
    once = _number(
        database,
        "SELECT count(*) FROM run WHERE status = 'succeeded' AND attempt = 1 AND (SELECT count(*) "
        f"FROM attempt WHERE run_id = run.id) = 1 AND study_id = '{made['id']}'",
    )
    return Ours(
        [
            _throughput("realspike", seconds, used),
            ["idle queue", "realspike", IDLE_RUNS, None, None, None, *spread(waits)],
            [
                "to queue them",
                "realspike, one request",
                RUNS,
                None,
                None,
                None,
                1000 * submitted,
                None,
            ],
        ],
        f"{once:,.0f} of {RUNS:,} runs succeeded in their one attempt",
    )


def _one_by_one(client: httpx.Client, database: psycopg.Connection, count: int) -> list[float]:
    """Seconds from each run's creation to its start, the next one made when one has ended."""
    waits = []
    for _ in range(count):
        made = client.post("/runs", json={"spec": {}}).raise_for_status().json()
        ended = f"SELECT count(*) FROM run WHERE id = '{made['id']}' AND finished_at IS NOT NULL"
        _until(partial(_is, database, ended, 1), "a run ends")
        waited = (
            f"SELECT extract(epoch FROM started_at - created_at) FROM run WHERE id = '{made['id']}'"
        )
        waits.append(_number(database, waited))
    return waits


def _celery(broker_url: str) -> Iterator[Row]:
    """The same number of Celery tasks on the same Redis, acknowledged late as ours are."""
    queue = f"celery-bench-{secrets.token_hex(4)}"
    environment = {"NOOP_BROKER": broker_url, "NOOP_QUEUE": queue}
    with ExitStack() as stack:
        stack.callback(forget_keys, broker_url, queue)
        started = [
            stack.enter_context(_started("benchmarks.noop_celery", environment))
            for _ in range(WORKERS)
        ]
        counts = stack.enter_context(redis.Redis.from_url(broker_url, decode_responses=True))
        app = make_app(broker_url, queue)
        done, start = f"{queue}{DONE}", f"{queue}{START}"
        waits = []
        for number in range(1, IDLE_RUNS + WORKERS + 1):
            sent = time.time()
            app.send_task("noop")
            _until(partial(_counted, counts, done, number), "a task ends")
            waits.append(float(counts.get(start) or 0) - sent)
        counts.set(done, 0)
        pids = [os.getpid(), *started]
        before, began = _cpu(pids), time.perf_counter()
        for _ in range(RUNS):
            app.send_task("noop")
        _until(partial(_counted, counts, done, RUNS), "every task has ended")
        seconds, used = time.perf_counter() - began, _cpu(pids) - before
        app.close()
    yield _throughput("Celery tasks", seconds, used)
    waited = spread(waits[WORKERS:])
    yield ["idle queue", "Celery tasks", IDLE_RUNS, None, None, None, *waited]


def _ray() -> Iterator[Row]:
    """Trials of Ray Tune that return at once; nothing where it cannot be installed."""
    python = made_environment(PEERS / "ray", [RAY])
    if python is None:
        return
    found = run_json("benchmarks.noop_ray", str(RAY_TRIALS), str(WORKERS), python=python)
    name = f"Ray Tune {RAY.partition('==')[2]} trials"
    yield _throughput(name, found["seconds"], None, runs=RAY_TRIALS)


def _throughput(name: str, seconds: float, cpu: float | None, *, runs: int = RUNS) -> Row:
    used = None if cpu is None else 1000 * cpu / runs
    return ["throughput", name, runs, runs / seconds, 1000 * seconds / runs, used, None, None]


@contextmanager
def _started(module: str, environment: dict[str, str]) -> Iterator[int]:
    """The id of a process of a module of ours, ended with the block."""
    with tempfile.TemporaryFile() as output:
        process = psutil.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=output,
            stderr=output,
        )
        try:
            yield process.pid
        finally:
            process.terminate()
            _, alive = psutil.wait_procs([process], timeout=20)
            for each in alive:
                each.kill()


def _cpu(pids: list[int]) -> float:
    """CPU seconds of processes and all below them."""
    total = 0.0
    for pid in pids:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def _is(database: psycopg.Connection, query: str, number: float) -> bool:
    return _number(database, query) == number


def _counted(counts: redis.Redis, key: str, number: int) -> bool:
    return int(counts.get(key) or 0) == number


def _number(database: psycopg.Connection, query: str) -> float:
    row = database.execute(query.encode()).fetchone()
    return float(row[0]) if row else 0.0


def _until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE:.0f} s until {what}")
        time.sleep(0.01)
