"""Runs over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from mimetypes import guess_type
from pathlib import Path
from typing import cast
from urllib.parse import quote

from client.downloads import Wanted, download, sha256_of
from client.ids import found
from client.transport import Transport
from client.wire import (
    Artifact,
    ArtifactList,
    Histograms,
    Json,
    LogLine,
    LogPage,
    MetricPoint,
    Metrics,
    MetricsWritten,
    Run,
    RunPage,
    RunPlan,
    ScriptBeat,
)

PAGE = 200
STORING_SECONDS = 600.0
"""The service may take so long to bring a large file to its store before it answers."""


class Runs:
    """Create, read, stop and repeat runs."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def create(self, document: Json, *, key: str | None = None) -> Run:
        """Queue a run; the same `key` twice makes one run."""
        key = key or uuid.uuid4().hex
        return cast(Run, self._http.json("POST", "/runs", body=document, key=key))

    def plan(self, document: Json) -> RunPlan:
        """What a run document would queue and what the run will need; nothing is stored."""
        return cast(RunPlan, self._http.json("POST", "/runs/plan", body=document, again=True))

    def get(self, run_id: str) -> Run:
        """A run with its attempts and the model it made."""
        return cast(Run, self._http.json("GET", f"/runs/{run_id}"))

    def find(self, short: str) -> Run:
        """The run of an id or of a unique part of one, among the newest 200, archived or not."""

        def recent() -> list[str]:
            pages = (self.page(limit=PAGE, archived=put_away) for put_away in (False, True))
            return [run["id"] for page in pages for run in page["items"]]

        return found("run", short, self.get, recent)

    def page(
        self,
        *,
        where: str | None = None,
        status: Sequence[str] = (),
        experiment: str | None = None,
        search: str | None = None,
        study_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
        deleted: bool = False,
        archived: bool = False,
    ) -> RunPage:
        """One page of runs, newest first; `where` is a filter such as `metrics.test_acc > 0.9`.

        With `search`, those in whose names, tags or notes its words occur. With `deleted`, those
        that were deleted and can be brought back; with `archived`, those that were archived.
        """
        params = {
            "filter": where,
            "status": list(status) or None,
            "experiment": experiment,
            "q": search,
            "study_id": study_id,
            "limit": limit,
            "cursor": cursor,
            "deleted": deleted or None,
            "archived": archived or None,
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

    def change(self, run_id: str, changes: Json) -> Run:
        """Change name, experiment, tags, notes or archive; what is left out stays as it is."""
        return cast(Run, self._http.json("PATCH", f"/runs/{run_id}", body=changes, again=True))

    def cancel(self, run_id: str) -> Run:
        """Stop a run: at once when it waits, at its next step when it trains."""
        return cast(Run, self._http.json("POST", f"/runs/{run_id}/cancel"))

    def retry(self, run_id: str) -> Run:
        """Queue a failed or cancelled run again; it goes on from its last checkpoint."""
        return cast(Run, self._http.json("POST", f"/runs/{run_id}/retry"))

    def delete(self, run_id: str) -> None:
        """Delete an ended run, its files and its model; `restore` brings it back for a while."""
        self._http.json("DELETE", f"/runs/{run_id}")

    def restore(self, short: str) -> Run:
        """Bring back the deleted run of an id or of a unique part of one, among the newest 200."""
        return found(
            "run",
            short,
            lambda run_id: cast(Run, self._http.json("POST", f"/runs/{run_id}/restore")),
            lambda: [run["id"] for run in self.page(limit=PAGE, deleted=True)["items"]],
        )

    def metrics(
        self, run_id: str, *, names: Sequence[str] = (), max_points: int | None = None
    ) -> Metrics:
        """Metrics of a run, thinned to `max_points` each; all names when none is given."""
        params = {"name": list(names) or None, "max_points": max_points}
        return cast(Metrics, self._http.json("GET", f"/runs/{run_id}/metrics", params=params))

    def write_metrics(
        self, run_id: str, metrics: Mapping[str, Sequence[MetricPoint]]
    ) -> MetricsWritten:
        """Write points of metrics, by name, to a run that has ended.

        A point that exists at that step is replaced, so sending twice does no harm.
        """
        path = f"/runs/{run_id}/metrics"
        body = {"metrics": metrics}
        return cast(MetricsWritten, self._http.json("POST", path, body=body, again=True))

    def begin_script(self, document: Json) -> Run:
        """Begin a run that a script trains; with an `id` in it, it is begun once."""
        again = "id" in document
        return cast(Run, self._http.json("POST", "/runs/scripts", body=document, again=again))

    def beat(self, run_id: str) -> ScriptBeat:
        """Say that the script of a run is at work."""
        path = f"/runs/{run_id}/beat"
        return cast(ScriptBeat, self._http.json("POST", path, again=True))

    def finish_script(self, run_id: str, document: Json) -> Run:
        """End the run of a script; the first end stands, so sending twice does no harm."""
        path = f"/runs/{run_id}/finish"
        return cast(Run, self._http.json("POST", path, body=document, again=True))

    def files(self, run_id: str) -> list[Artifact]:
        """Files of a run, oldest first."""
        return cast(ArtifactList, self._http.json("GET", f"/runs/{run_id}/artifacts"))["items"]

    def put_file(
        self, run_id: str, file: Path, *, name: str | None = None, sha256: str | None = None
    ) -> Artifact:
        """Add a file to a run that no worker trains; one of that name is replaced."""
        name = name or file.name
        headers = {
            "Content-Type": guess_type(name)[0] or "application/octet-stream",
            "X-Content-SHA256": sha256 or sha256_of(file),
        }
        path = f"/runs/{run_id}/files/{quote(name, safe='')}"
        with file.open("rb") as content:
            answer = self._http.json(
                "PUT", path, content=content, headers=headers, silence=STORING_SECONDS
            )
        return cast(Artifact, answer)

    def download(self, artifact: Artifact, folder: Path) -> Path:
        """Store a file of a run in a folder; it appears there only when whole."""
        wanted = Wanted(f"/artifacts/{artifact['id']}", artifact["name"], artifact["sha256"])
        return download(self._http, wanted, folder)

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
