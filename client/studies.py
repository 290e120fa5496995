"""Studies over HTTP."""

from __future__ import annotations

import uuid
from functools import cache
from typing import cast

from client.errors import InputError, NotFoundError
from client.ids import found
from client.transport import Transport
from client.wire import Json, Study, StudyPage, StudyPlan, StudyTable

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

    def find(self, short: str) -> Study:
        """The study of an id, of a unique part of one, or the newest of a name, among 200."""
        newest = cache(lambda: self.page(limit=PAGE)["items"])
        try:
            return found("study", short, self.get, lambda: [study["id"] for study in newest()])
        except (NotFoundError, InputError):
            named = [study for study in newest() if study["name"] == short]
            if not named:
                raise
            return named[0]

    def page(
        self, *, limit: int = 50, cursor: str | None = None, deleted: bool = False
    ) -> StudyPage:
        """One page of studies, newest first; with `deleted`, those that can be brought back."""
        params = {"limit": limit, "cursor": cursor, "deleted": deleted or None}
        return cast(StudyPage, self._http.json("GET", "/studies", params=params))

    def table(self, study_id: str, *, metric: str | None = None) -> StudyTable:
        """The comparison table, over the study's own metric or another."""
        params = {"metric": metric}
        return cast(StudyTable, self._http.json("GET", f"/studies/{study_id}/table", params=params))

    def report(self, study_id: str, *, form: str = "markdown", metric: str | None = None) -> str:
        """The study's report as markdown, latex, csv or html."""
        params = {"format": form, "metric": metric}
        return self._http.text(f"/studies/{study_id}/report", params=params)

    def cancel(self, study_id: str) -> Study:
        """Stop every run of a study that has not ended."""
        return cast(Study, self._http.json("POST", f"/studies/{study_id}/cancel"))

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
