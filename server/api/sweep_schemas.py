"""What the API says of what a study found: its best runs, and which parameters mattered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from server.api.schemas import Wire


class ObjectiveRead(Wire):
    """A metric that a study looks at, and which way is better."""

    name: str
    goal: Literal["maximize", "minimize"]


class BestRun(Wire):
    """A run that no other beats."""

    run_id: str
    name: str
    levels: dict[str, Any] = Field(description="The fields that vary in the study.")
    values: list[float] = Field(description="Of each objective, in their order.")


class StudyBest(Wire):
    """The best run of a study, or with several objectives its Pareto front."""

    study_id: str
    objectives: list[ObjectiveRead] = Field(description="The study's own metric first.")
    runs: list[BestRun] = Field(
        description="One run, the earliest of equals; with several objectives all runs that no "
        "other beats, best in the first objective first. Empty before a run has finished."
    )
    finished: int = Field(description="Runs that were trained to the end: one of them is best.")
    pruned: int = Field(description="Runs that were stopped early; never best.")
    failed: int = Field(description="Runs that failed; never best.")


class ParameterShare(Wire):
    """How much a parameter mattered."""

    name: str
    share: float = Field(description="Of the variance that all parameters explain.", ge=0, le=1)


class ParameterLeftOut(Wire):
    """A parameter that has no share."""

    name: str
    reason: str


class StudyImportance(Wire):
    """Which parameters of a study mattered for a metric: fANOVA over a random forest."""

    study_id: str
    metric: str
    epoch: int | None = Field(
        description="Epoch at which the runs were compared; empty for the last values of those "
        "that were trained to the end."
    )
    runs: int = Field(description="Runs that it was computed from.")
    shares: list[ParameterShare] = Field(
        description="Largest first. They add up to 1 even where a metric is noise."
    )
    left_out: list[ParameterLeftOut]
    notice: str | None = Field(description="Why there are no shares.")
