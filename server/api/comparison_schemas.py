"""The wire of comparisons: groups of runs, differences of their specs, and curves side by side."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from server.api.schemas import CellComparison, ConfidenceInterval, Name, Wire
from server.storage.curves import FINEST
from server.storage.states import RunStatus

MOST_METRICS = 10
MOST_OVERLAID = 200

RunKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=205, pattern=r"^[^\x00]+$")]


class RunSelection(Wire):
    """Which runs: all that a filter matches, of a study, of an experiment; or these alone."""

    filter: str | None = Field(None, max_length=2000, description="As in the list of runs.")
    study_id: RunKey | None = None
    experiment: str | None = Field(None, max_length=200, pattern=r"^[^\x00]*$")


class GroupsRequest(RunSelection):
    """Runs to group, and what to compare."""

    by: list[FieldName] | None = Field(
        None,
        max_length=50,
        description="Fields of the spec, or names in scripts' configurations. When left out: all "
        "that differ among the runs, except the seed.",
    )
    metrics: list[Name] = Field(["test_acc"], min_length=1, max_length=MOST_METRICS)
    goals: dict[Name, Literal["maximize", "minimize"]] = Field(
        {}, max_length=MOST_METRICS, description="Where they are not what the names say."
    )
    baseline: dict[FieldName, Any] | None = Field(
        None,
        max_length=50,
        description="Levels of the group that the others are compared with; `script` names the "
        "runs of a script. Nothing is compared when left out.",
    )
    bootstrap: bool = Field(False, description="Also the BCa interval of each mean.")


class GroupMetric(Wire):
    """One metric of a group, over its runs that succeeded."""

    metric: str
    n: int = Field(description="Values that the mean is of.")
    lacking: int = Field(description="Runs that succeeded without this metric.")
    mean: float | None
    std: float | None = Field(description="Sample standard deviation; empty below two values.")
    interval: ConfidenceInterval | None = Field(description="Of the mean, by Student's t.")
    bootstrap: ConfidenceInterval | None = Field(
        description="Of the mean, by the BCa bootstrap, if asked for; empty below three values."
    )
    comparison: CellComparison | None = Field(
        description="With the baseline, over the seeds that both have; p after Holm's correction "
        "over the groups."
    )
    values: list[float]


class RunGroup(Wire):
    """Runs with the same levels."""

    levels: dict[str, Any] = Field(description="Value of each field of `by`; null where missing.")
    script: str | None = Field(
        description="Name of the script's runs that it holds; empty for what workers trained."
    )
    baseline: bool = Field(description="True for the group that the others are compared with.")
    runs: int
    counts: dict[RunStatus, int] = Field(description="All runs by state; no zeros.")
    repeats: int = Field(
        description="Runs left out of the statistics because another one has the same spec and "
        "the same seed: the newest that succeeded stands for them."
    )
    mixed: list[str] = Field(
        description="Fields besides the seed in which its runs differ all the same."
    )
    run_ids: list[str] = Field(description="Every run, oldest first.")
    metrics: list[GroupMetric] = Field(description="In the order of the request.")


class RunGroups(Wire):
    """Runs in groups, in the order of each group's oldest run."""

    by: list[str]
    metrics: list[str]
    goals: dict[str, Literal["maximize", "minimize"]]
    total: int = Field(description="Runs in all groups.")
    groups: list[RunGroup]
    complete: bool = Field(description="True when no run is queued, running or paused.")


class DifferingField(Wire):
    """One field in which the runs differ."""

    name: str
    values: list[Any] = Field(description="Run by run; null where a run has no such field.")


class RunDifferences(Wire):
    """What differs in the specs of runs."""

    run_ids: list[str]
    names: list[str] = Field(description="What the runs are called, in the same order.")
    fields: list[DifferingField]
    same: int = Field(description="Fields that all have in common.")
    identical: list[list[str]] = Field(description="Runs whose specs are the same, seed included.")


class OverlaysRequest(RunSelection):
    """Curves to show over each other."""

    run_ids: list[RunKey] = Field(
        [], max_length=MOST_OVERLAID, description="These runs; else those that are selected."
    )
    names: list[Name] = Field(min_length=1, max_length=MOST_METRICS, description="Metrics.")
    points: int = Field(300, ge=2, le=FINEST, description="Most points a curve.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.run_ids and (self.filter or self.study_id or self.experiment):
            raise ValueError("give either run_ids, or filter, study_id and experiment")
        return self


class OverlayCurve(Wire):
    """One metric of one run. `total` counts stored points; thinned, it keeps ends and extremes."""

    run_id: str
    name: str
    total: int
    steps: list[int]
    values: list[float]
    epochs: list[int | None]


class OverlaysRead(Wire):
    """Curves of many runs, as columns."""

    run_ids: list[str]
    series: list[OverlayCurve] = Field(description="Run by run, metrics in the asked order.")
    pending: list[str] = Field(
        description="Runs for which there was no time: ask again, for these alone."
    )
