"""The filesystem broker: every message arrives whole, and once."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection, Queue
from kombu.exceptions import ChannelError

from server.folder_broker import Channel


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    folders = {"data_folder_in": tmp_path, "data_folder_out": tmp_path}
    options = {**folders, "control_folder": tmp_path / "control"}
    with Connection(
        "filesystem://", transport="server.folder_broker:Transport", transport_options=options
    ) as opened:
        yield opened


def take(channel: Channel, queue: str = "runs") -> Any:
    try:
        return channel._get(queue)
    except Empty:
        return None


def test_first_in_first_out_and_nothing_left(connection: Connection, tmp_path: Path) -> None:
    channel = connection.default_channel
    for number in range(30):
        channel._put("runs", {"number": number})
    channel._put("runs-of-others", {"number": 99})
    assert [take(channel)["number"] for _ in range(30)] == list(range(30))
    assert take(channel) is None
    assert take(channel, "runs-of-others") == {"number": 99}
    assert list(tmp_path.glob("*.msg")) == list(tmp_path.glob(".*.msg")) == []


def test_readers_and_writers_at_once(connection: Connection) -> None:
    channel, done = connection.default_channel, threading.Event()

    def write(writer: int) -> None:
        for number in range(200):
            channel._put("runs", {"id": [writer, number], "padding": "x" * 500})

    def read() -> list[tuple[int, int]]:
        got: list[tuple[int, int]] = []
        finished = False
        while not finished:
            finished = done.is_set()
            while (message := take(channel)) is not None:
                got.append(tuple(message["id"]))
        return got

    with ThreadPoolExecutor(5) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        for writer in [pool.submit(write, number) for number in range(2)]:
            writer.result()
        done.set()
        got = [item for reader in readers for item in reader.result()]
    assert sorted(got) == [(writer, number) for writer in range(2) for number in range(200)]


def test_bindings_are_written_once(connection: Connection, tmp_path: Path) -> None:
    for _ in range(2):
        Queue("runs")(connection.channel()).declare()
    channel = connection.default_channel
    channel._queue_bind("runs", "key", "", "a")
    channel._queue_bind("runs", "key", "", "b")
    channel._queue_bind("runs", "key", "", "a")
    assert sorted(row.queue for row in channel.get_table("runs") if row.routing_key) == ["a", "b"]
    assert [path.name for path in (tmp_path / "control").iterdir()] == ["runs.exchange"]


def test_a_folder_that_cannot_be_written(connection: Connection, tmp_path: Path) -> None:
    channel = connection.default_channel
    shutil.rmtree(tmp_path)
    with pytest.raises(ChannelError, match="cannot write"):
        channel._put("runs", {})
