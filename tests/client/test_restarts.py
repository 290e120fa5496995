"""Clients at work while the server is restarted: no error, nothing doubled, nothing missed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from client.api import Client
from client.recorder import Recorder
from server.storage.database import Database
from server.storage.models import Event, Run
from server.storage.states import RunStatus
from tests.conftest import SettingsFactory
from tests.support.runs import run_in
from tests.support.server_process import ServerProcess, server_process
from tests.support.waiting import wait_until

CONTENT = bytes(range(256)) * 8192
DOCUMENT: dict[str, Any] = {"name": "x", "spec": {"dataset": "digits"}}


@pytest.fixture
def server(settings: SettingsFactory) -> Iterator[ServerProcess]:
    with server_process(settings("embedded")) as server:
        yield server


@pytest.fixture
def db(server: ServerProcess) -> Iterator[Database]:
    database = Database(server.settings.resolved_database_url)
    yield database
    database.close()


class Work:
    """What some clients do at the same time until they are told that it is enough."""

    def __init__(self, server: ServerProcess, run_id: str, folder: Path) -> None:
        self.url = server.url
        self.run_id = run_id
        self.folder = folder
        self.enough = threading.Event()
        self.made: list[str] = []
        self.downloaded = 0
        self.seen: list[int] = []
        self.steps = 0

    def submit(self) -> None:
        with Client(self.url) as client:
            while not self.enough.is_set():
                self.made.append(client.runs.create(DOCUMENT)["id"])

    def download(self) -> None:
        with Client(self.url) as client:
            while not self.enough.is_set():
                (file,) = client.runs.files(self.run_id)
                path = client.runs.download(file, self.folder)
                assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
                path.unlink()
                self.downloaded += 1

    def listen(self) -> None:
        with Client(self.url) as client:
            for event in client.events():
                if event.id is not None:
                    self.seen.append(event.id)
                if event.kind == "run" and event.data["name"] == "the last":
                    return

    def record(self) -> None:
        with Recorder(self.run_id, url=self.url, close_seconds=60) as recorder:
            while not self.enough.is_set():
                recorder.metrics({"loss": self.steps / 10}, step=self.steps)
                self.steps += 1
                self.enough.wait(0.01)

    def counts(self) -> tuple[int, int, int, int]:
        return len(self.made), self.downloaded, len(self.seen), self.steps


def test_clients_do_not_notice_restarts(
    server: ServerProcess, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REALSPIKE_SPOOL_DIR", str(tmp_path / "spool"))
    run_id = run_in(db, RunStatus.SUCCEEDED)
    (tmp_path / "file").write_bytes(CONTENT)
    with Client(server.url) as client:
        client.runs.put_file(run_id, tmp_path / "file")
    work = Work(server, run_id, tmp_path / "got")
    jobs = (work.submit, work.download, work.listen, work.record)
    with ThreadPoolExecutor(len(jobs)) as pool:
        futures = [pool.submit(job) for job in jobs]
        try:
            for end in (server.stop, server.kill):
                _all_go_on(work)
                end()
                server.start()
                server.wait_ready()
            _all_go_on(work)
        finally:
            work.enough.set()
            with Client(server.url) as client:
                client.runs.create({**DOCUMENT, "name": "the last"})
        for future in futures:
            future.result(timeout=60)

    with db.read() as session:
        stored = set(session.scalars(select(Run.id).where(Run.name == "x")))
        newest = session.scalar(select(func.max(Event.id)))
        known = list(
            session.scalars(select(Event.id).where(Event.id >= work.seen[0]).order_by(Event.id))
        )
    assert len(work.made) == len(set(work.made))
    assert stored == set(work.made)
    assert known[-1] == newest
    assert work.seen == known[: len(work.seen)]
    with Client(server.url) as client:
        (loss,) = client.runs.metrics(run_id, max_points=100_000)["series"]
    assert loss["steps"] == list(range(work.steps))
    assert loss["values"] == [step / 10 for step in range(work.steps)]


def _all_go_on(work: Work) -> None:
    """Every client has done something more, so each of them meets the next restart at work."""
    before = work.counts()

    def went_on() -> bool:
        return all(new > old for old, new in zip(before, work.counts(), strict=True))

    wait_until(went_on, f"every client does something: {before}", seconds=60)
