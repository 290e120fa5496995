"""Client: everything the service offers, over HTTP; one property a noun."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any, Self, cast

from client.datasets import Datasets
from client.events import EventStream
from client.models import Models
from client.place import url_of
from client.runs import Runs
from client.studies import Studies
from client.transport import Transport
from client.wire import Info, Json, Worker, WorkerList


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
        self.models = Models(self._transport)
        self.datasets = Datasets(self._transport)

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
