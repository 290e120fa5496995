"""The queue, with a real worker process on each broker."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from server.errors import QueueError
from server.queue import RunQueue, make_celery
from server.settings import Settings
from tests.support.environment import environment_of
from tests.support.services import redis_server
from tests.support.waiting import wait_until

REPOSITORY = Path(__file__).parents[2]
COMMAND = "celery -A tests.support.echo_worker worker --pool solo --without-gossip --without-mingle"


@pytest.fixture(params=["filesystem", "redis"])
def settings_of_broker(
    request: pytest.FixtureRequest, tmp_path: Path, queue_prefix: str
) -> Settings:
    broker = "" if request.param == "filesystem" else request.getfixturevalue("redis_url")
    return Settings(home=tmp_path / "home", broker_url=broker, queue_prefix=queue_prefix)


@pytest.fixture
def queue(settings_of_broker: Settings) -> Iterator[RunQueue]:
    run_queue = RunQueue(settings_of_broker)
    yield run_queue
    run_queue.close()


@contextmanager
def echo_worker(settings: Settings, echo: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process that writes what it is asked into `echo`."""
    env = {**environment_of(settings), "REALSPIKE_TEST_ECHO": str(echo)}
    with (echo.parent / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", *COMMAND.split()],
            cwd=REPOSITORY,
            env=env,
            stdout=log,
            stderr=log,
        )
        try:
            yield worker
        finally:
            worker.terminate()
            worker.wait(timeout=20)


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_a_round_trip_and_messages_that_waited(
    queue: RunQueue, settings_of_broker: Settings, tmp_path: Path
) -> None:
    echo = tmp_path / "echo"
    waited = [f"run_{number}" for number in range(3)]
    for run_id in waited:
        queue.enqueue_run(run_id)
    with echo_worker(settings_of_broker, echo):
        wait_until(lambda: len(lines_of(echo)) == 3, "messages that waited arrive")
        queue.enqueue_run("run_later")
        wait_until(lambda: len(lines_of(echo)) == 4, "a message arrives at a running worker")
    assert sorted(lines_of(echo)) == sorted([*waited, "run_later"])


def test_services_that_share_a_redis_do_not_meet(
    redis_url: str, queue_prefix: str, settings: Callable[..., Settings]
) -> None:
    mine, others = (
        RunQueue(settings(broker_url=redis_url, queue_prefix=f"{queue_prefix}{name}"))
        for name in ("-a", "-b")
    )
    mine.enqueue_run("run_1")
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        keys = sorted(client.scan_iter(match=f"{queue_prefix}*"))
        assert all(key.startswith(f"{queue_prefix}-a:") for key in keys)
        assert client.llen(f"{queue_prefix}-a:{queue_prefix}-a") == 1
    mine.close()
    others.close()


def test_the_filesystem_broker_sends_where_it_receives(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", broker_url=f"filesystem://{tmp_path}/my queue")
    queue = RunQueue(settings)
    queue.enqueue_run("run_1")
    queue.close()
    assert len(list((tmp_path / "my queue" / "messages").iterdir())) == 1
    options = make_celery(settings).conf.broker_transport_options
    assert options["data_folder_in"] == options["data_folder_out"]
    assert options["control_folder"] != options["data_folder_in"]


def test_work_is_acknowledged_late_and_taken_one_by_one(tmp_path: Path) -> None:
    conf = make_celery(Settings(home=tmp_path)).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.result_backend is None


class TestCheck:
    def test_passes_when_the_broker_answers(self, queue: RunQueue) -> None:
        queue.check()

    def test_no_redis_is_one_helpful_line(self, tmp_path: Path) -> None:
        queue = RunQueue(Settings(home=tmp_path, broker_url="redis://:secret@127.0.0.1:1/0"))
        for action in (queue.check, lambda: queue.enqueue_run("run_1")):
            with pytest.raises(QueueError, match="REALSPIKE_BROKER_URL") as raised:
                action()
            assert "secret" not in str(raised.value)
        queue.close()

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(QueueError, match="REALSPIKE_BROKER_URL"):
            RunQueue(Settings(broker_url=f"filesystem://{tmp_path}/file/queue"))

    def test_a_folder_that_vanished_is_a_failed_send_until_it_is_made_again(
        self, tmp_path: Path
    ) -> None:
        queue = RunQueue(Settings(home=tmp_path / "home"))
        shutil.rmtree(tmp_path / "home")
        with pytest.raises(QueueError, match="REALSPIKE_BROKER_URL"):
            queue.enqueue_run("run_1")
        queue.check()
        queue.enqueue_run("run_1")
        queue.close()


def test_a_redis_that_hangs_is_an_error_and_not_a_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REALSPIKE_TEST_PRIVATE_SERVICES", "1")
    monkeypatch.delenv("REALSPIKE_TEST_REDIS_URL", raising=False)
    monkeypatch.setattr("server.queue.CONNECT_SECONDS", 0.3)
    with redis_server() as url:
        with redis.Redis.from_url(url) as client:
            pid = int(client.info("server")["process_id"])
        queue = RunQueue(Settings(home=tmp_path, broker_url=url))
        queue.enqueue_run("run_before")
        os.kill(pid, signal.SIGSTOP)
        try:
            for ask in (lambda: queue.enqueue_run("run_x"), queue.check, queue.waiting):
                with pytest.raises(QueueError, match="cannot be reached"):
                    ask()
        finally:
            os.kill(pid, signal.SIGCONT)
        assert queue.waiting() >= 1  # one that was sent while it hung may have arrived
        queue.close()
