"""Comparisons of runs over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from client.transport import Transport
from client.wire import Json, Overlays, RunDifferences, RunGroups


class Comparisons:
    """Runs in groups, what differs between them, and their curves side by side."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def groups(
        self,
        *,
        where: str | None = None,
        study_id: str | None = None,
        experiment: str | None = None,
        by: Sequence[str] | None = None,
        metrics: Sequence[str] = ("test_acc",),
        goals: Mapping[str, str] | None = None,
        baseline: Json | None = None,
        bootstrap: bool = False,
    ) -> RunGroups:
        """Runs grouped `by` fields of their specs: all that differ, except the seed, by default.

        With a `baseline`, some levels of one group, the others are compared with it.
        """
        body = _given(
            filter=where,
            study_id=study_id,
            experiment=experiment,
            by=None if by is None else list(by),
            metrics=list(metrics),
            goals=dict(goals) if goals else None,
            baseline=baseline,
            bootstrap=bootstrap or None,
        )
        answer = self._http.json("POST", "/runs/groups", body=body, again=True)
        return cast(RunGroups, answer)

    def differences(self, run_ids: Sequence[str]) -> RunDifferences:
        """The fields in which the specs of these runs differ, and their values."""
        params = {"run_id": list(run_ids)}
        answer = self._http.json("GET", "/runs/differences", params=params)
        return cast(RunDifferences, answer)

    def overlays(
        self,
        names: Sequence[str],
        *,
        run_ids: Sequence[str] = (),
        where: str | None = None,
        study_id: str | None = None,
        experiment: str | None = None,
        points: int | None = None,
    ) -> Overlays:
        """Metrics of up to 200 runs, at most so many points each; all of them, whatever it takes.

        The runs are those named, or those that are selected.
        """
        asked = _given(names=list(names), points=points)
        body = asked | _given(
            run_ids=list(run_ids) or None,
            filter=where,
            study_id=study_id,
            experiment=experiment,
        )
        found = self._overlays(body)
        while found["pending"]:
            more = self._overlays(asked | {"run_ids": found["pending"]})
            found["series"] += more["series"]
            found["pending"] = more["pending"]
        place = {run_id: number for number, run_id in enumerate(found["run_ids"])}
        found["series"].sort(key=lambda curve: place[curve["run_id"]])
        return found

    def _overlays(self, body: Json) -> Overlays:
        return cast(Overlays, self._http.json("POST", "/runs/overlays", body=body, again=True))


def _given(**fields: object) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
