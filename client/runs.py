"""Runs over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import cast

from client.ids import found
from client.transport import Transport
from client.wire import Histograms, Json, LogLine, LogPage, Metrics, Run, RunPage

PAGE = 200


class Runs:
    """Create, read, stop and repeat runs."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def create(self, document: Json, *, key: str | None = None) -> Run:
        """Queue a run; the same `key` twice makes one run."""
        key = key or uuid.uuid4().hex
        return cast(Run, self._http.json("POST", "/runs", body=document, key=key))

    def get(self, run_id: str) -> Run:
        """A run with its attempts and the model it made."""
        return cast(Run, self._http.json("GET", f"/runs/{run_id}"))

    def find(self, short: str) -> Run:
        """The run of an id or of a unique part of one, among the newest 200."""
        return found(
            "run", short, self.get, lambda: [run["id"] for run in self.page(limit=PAGE)["items"]]
        )

    def page(
        self,
        *,
        where: str | None = None,
        status: Sequence[str] = (),
        experiment: str | None = None,
        study_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> RunPage:
        """One page of runs, newest first; `where` is a filter such as `metrics.test_acc > 0.9`."""
        params = {
            "filter": where,
            "status": list(status) or None,
            "experiment": experiment,
            "study_id": study_id,
            "limit": limit,
            "cursor": cursor,
        }
        return cast(RunPage, self._http.json("GET", "/runs", params=params))

    def of_study(self, study_id: str) -> Iterator[Run]:
        """Every run of a study, newest first."""
        cursor = None
        while True:
            page = self.page(study_id=study_id, limit=PAGE, cursor=cursor)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def cancel(self, run_id: str) -> Run:
        """Stop a run: at once when it waits, at its next step when it trains."""
        return cast(Run, self._http.json("POST", f"/runs/{run_id}/cancel"))

    def retry(self, run_id: str) -> Run:
        """Queue a failed or cancelled run again; it goes on from its last checkpoint."""
        return cast(Run, self._http.json("POST", f"/runs/{run_id}/retry"))

    def delete(self, run_id: str) -> None:
        """Delete an ended run, its files and its model."""
        self._http.json("DELETE", f"/runs/{run_id}")

    def metrics(
        self, run_id: str, *, names: Sequence[str] = (), max_points: int | None = None
    ) -> Metrics:
        """Metrics of a run, thinned to `max_points` each; all names when none is given."""
        params = {"name": list(names) or None, "max_points": max_points}
        return cast(Metrics, self._http.json("GET", f"/runs/{run_id}/metrics", params=params))

    def histograms(self, run_id: str, *, names: Sequence[str] = ()) -> Histograms:
        """Names of a run's distributions, and the named ones at every step."""
        params = {"name": list(names) or None}
        return cast(Histograms, self._http.json("GET", f"/runs/{run_id}/histograms", params=params))

    def log(
        self, run_id: str, *, limit: int | None = None, after: int | None = None
    ) -> list[LogLine]:
        """Newest lines of a run's log, oldest first."""
        params = {"limit": limit, "after": after}
        return cast(LogPage, self._http.json("GET", f"/runs/{run_id}/log", params=params))["items"]
