"""Client: everything the service offers, over HTTP; one property a noun."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any, Self, cast

from client.comparisons import Comparisons
from client.datasets import Datasets
from client.events import EventStream
from client.ids import found
from client.models import Models
from client.place import url_of
from client.runs import Runs
from client.studies import Studies
from client.transport import Transport
from client.webhooks import Webhooks
from client.wire import Experiment, ExperimentList, Info, Json, Worker, WorkerList


def default_url() -> str:
    """Where `realspike up` listens in this environment: REALSPIKE_HOST and REALSPIKE_PORT."""
    host, port = os.environ.get("REALSPIKE_HOST", ""), os.environ.get("REALSPIKE_PORT", "")
    return url_of(host, "8700" if port in ("", "0") else port)  # 0 is any free one


class Client:
    """A connection to one service; use it as a context manager, or call `close`.

    Every method raises a `client.errors.ClientError` that says what to do.
    """

    def __init__(self, url: str | None = None, **options: Any) -> None:
        self._transport = Transport(url or default_url(), **options)
        self.runs = Runs(self._transport)
        self.studies = Studies(self._transport)
        self.comparisons = Comparisons(self._transport)
        self.models = Models(self._transport)
        self.datasets = Datasets(self._transport)
        self.webhooks = Webhooks(self._transport)

    @property
    def url(self) -> str:
        """Where the service is."""
        return self._transport.url

    def info(self) -> Info:
        """What the service is and how it is set up."""
        return cast(Info, self._transport.json("GET", "/info"))

    def health(self) -> Json:
        """That the service answers, and its version."""
        return cast(Json, self._transport.json("GET", "/health"))

    def workers(self) -> list[Worker]:
        """Worker processes, newest first."""
        return cast(WorkerList, self._transport.json("GET", "/workers"))["items"]

    def release_worker(self, short: str) -> Worker:
        """Let a quarantined worker take runs again: the one of an id or of a unique part of one."""
        return found(
            "worker",
            short,
            lambda worker_id: cast(
                Worker, self._transport.json("POST", f"/workers/{worker_id}/release")
            ),
            lambda: [worker["id"] for worker in self.workers() if worker["quarantined_at"]],
        )

    def experiments(self) -> list[Experiment]:
        """Names under which studies and runs stand, the newest activity first."""
        return cast(ExperimentList, self._transport.json("GET", "/experiments"))["items"]

    def events(self, *, run_id: str | None = None, study_id: str | None = None) -> EventStream:
        """Live events of a run, of a study, or of everything."""
        return EventStream(self._transport, run_id=run_id, study_id=study_id)

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
