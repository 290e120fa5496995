"""Studies over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import cache
from typing import Literal, cast

from client.errors import InputError, NotFoundError
from client.ids import found
from client.transport import Transport
from client.wire import (
    Json,
    SeedsAdded,
    Study,
    StudyBest,
    StudyImportance,
    StudyPage,
    StudyPlan,
    StudyRerun,
    StudyTable,
)

PAGE = 200


class Studies:
    """Create, read, compare and stop studies."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def create(self, document: Json, *, key: str | None = None) -> Study:
        """Queue every run of a study; the same `key` twice makes one study."""
        key = key or uuid.uuid4().hex
        return cast(Study, self._http.json("POST", "/studies", body=document, key=key))

    def plan(self, document: Json) -> StudyPlan:
        """What a study document would queue; nothing is stored."""
        return cast(StudyPlan, self._http.json("POST", "/studies/plan", body=document, again=True))

    def get(self, study_id: str) -> Study:
        """A study and where it stands."""
        return cast(Study, self._http.json("GET", f"/studies/{study_id}"))

    def find(self, short: str, *, alone: bool = False) -> Study:
        """The study of an id, of a unique part of one, or the newest of a name, among 200.

        `alone` is for what cannot be taken back: it raises InputError when others have the name.
        """
        newest = cache(lambda: self.page(limit=PAGE)["items"])
        try:
            return found("study", short, self.get, lambda: [study["id"] for study in newest()])
        except (NotFoundError, InputError):
            named = [study for study in newest() if study["name"] == short]
            if not named:
                raise
            if alone and len(named) > 1:
                ids = ", ".join(study["id"] for study in named[:5])
                raise InputError(
                    f"{len(named)} studies are named {short!r}; give an id: {ids}"
                ) from None
            return named[0]

    def page(
        self,
        *,
        search: str | None = None,
        experiment: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
        deleted: bool = False,
        archived: bool = False,
    ) -> StudyPage:
        """One page of studies, newest first; with `deleted`, those that can be brought back.

        With `search`, those in whose names, tags or notes its words occur; with `archived`, those
        that were archived.
        """
        params = {
            "q": search,
            "experiment": experiment,
            "limit": limit,
            "cursor": cursor,
            "deleted": deleted or None,
            "archived": archived or None,
        }
        return cast(StudyPage, self._http.json("GET", "/studies", params=params))

    def table(self, study_id: str, *, metric: str | None = None) -> StudyTable:
        """The comparison table, over the study's own metric or another."""
        params = {"metric": metric}
        return cast(StudyTable, self._http.json("GET", f"/studies/{study_id}/table", params=params))

    def best(self, study_id: str) -> StudyBest:
        """The best run, or with several objectives the Pareto front."""
        return cast(StudyBest, self._http.json("GET", f"/studies/{study_id}/best"))

    def importance(
        self, study_id: str, *, metric: str | None = None, epoch: int | str | None = None
    ) -> StudyImportance:
        """Which parameters mattered for a metric, at an epoch, or the `last` of finished runs."""
        params = {"metric": metric, "epoch": epoch}
        found = self._http.json("GET", f"/studies/{study_id}/importance", params=params)
        return cast(StudyImportance, found)

    def report(self, study_id: str, *, form: str = "markdown", metric: str | None = None) -> str:
        """The study's report as markdown, latex, csv or html."""
        params = {"format": form, "metric": metric}
        return self._http.text(f"/studies/{study_id}/report", params=params)

    def cancel(self, study_id: str) -> Study:
        """Stop every run of a study that has not ended."""
        return cast(Study, self._http.json("POST", f"/studies/{study_id}/cancel"))

    def rerun(
        self, study_id: str, *, which: Literal["failed", "cancelled", "both"] = "failed"
    ) -> StudyRerun:
        """Queue a study's failed or cancelled runs again; they go on from their checkpoints."""
        path = f"/studies/{study_id}/rerun"
        return cast(StudyRerun, self._http.json("POST", path, body={"which": which}))

    def add_seeds(
        self,
        study_id: str,
        seeds: Sequence[int] = (),
        *,
        count: int | None = None,
        dry_run: bool = False,
    ) -> SeedsAdded:
        """Give a study these seeds more, or `count` that follow its highest.

        Every cell that lacks a run with one of them gets it. A `dry_run` stores nothing.
        """
        path = f"/studies/{study_id}/seeds" + ("/plan" if dry_run else "")
        body: Json = {"seeds": list(seeds)} if seeds else {"count": count}
        key = uuid.uuid4().hex
        return cast(SeedsAdded, self._http.json("POST", path, body=body, key=key))

    def pause(self, study_id: str) -> Study:
        """Let no further run of a study begin; those that run go on to their end."""
        return cast(Study, self._http.json("POST", f"/studies/{study_id}/pause"))

    def resume(self, study_id: str) -> Study:
        """Go on with a paused study."""
        return cast(Study, self._http.json("POST", f"/studies/{study_id}/resume"))

    def change(
        self, study_id: str, *, priority: int | None = None, parallel: int | None = None
    ) -> Study:
        """Change a study's priority, or how many of its runs are open at once."""
        given = {"priority": priority, "parallel": parallel}
        body = {name: value for name, value in given.items() if value is not None}
        return cast(Study, self._http.json("PATCH", f"/studies/{study_id}", body=body, again=True))

    def edit(self, study_id: str, changes: Json) -> Study:
        """Change name, experiment, notes or archive; what is left out stays as it is."""
        path = f"/studies/{study_id}"
        return cast(Study, self._http.json("PATCH", path, body=changes, again=True))

    def delete(self, study_id: str) -> None:
        """Delete an ended study, its runs and models; `restore` brings it back for a while."""
        self._http.json("DELETE", f"/studies/{study_id}")

    def restore(self, short: str) -> Study:
        """Bring back the deleted study of an id or of a unique part of one, among 200."""
        return found(
            "study",
            short,
            lambda study_id: cast(Study, self._http.json("POST", f"/studies/{study_id}/restore")),
            lambda: [study["id"] for study in self.page(limit=PAGE, deleted=True)["items"]],
        )
