"""The wire of plans: what a document would queue, and what its runs are likely to need."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from rscore.spec import RunSpec
from server.api.schemas import Wire


class EstimateRange(Wire):
    """From the lowest to the highest value that is likely; one number twice where it is known."""

    low: float
    high: float


class RunEstimate(Wire):
    """What one run is likely to need. Spikes and operations are of one sample, in all its steps."""

    parameters: EstimateRange
    neurons: EstimateRange
    macs: EstimateRange = Field(description="Multiply-accumulates of the folded network.")
    synops: EstimateRange = Field(description="Synaptic operations of the folded network.")
    spikes: EstimateRange
    firing_rate: EstimateRange = Field(description="Share of neurons that fire at a step.")
    memory_bytes: EstimateRange = Field(
        description="About how much the training's tensors take, beside the process itself."
    )
    seconds: EstimateRange | None = Field(
        description="From start to end; empty until a run of the kind has finished."
    )
    basis: list[str] = Field(description="What the estimates rest on, in words.")


class RunPlan(Wire):
    """What a run document would queue."""

    name: str
    spec: RunSpec
    spec_digest: str
    estimate: RunEstimate


class StudyPlan(Wire):
    """What a study document would queue."""

    runs: int = Field(description="Runs that would be queued, or trials that a sweep would make.")
    factors: list[str]
    cells: list[dict[str, Any]]
    seeds: list[int] = Field(description="Seeds that every cell meets.")
    remarks: list[str] = Field(description="Parts of the document that have no effect, and why.")
    estimates: list[RunEstimate] = Field(
        description="Of a run of each cell, in the order of `cells`; of a sweep, one for any trial."
    )
    slots: int = Field(description="Runs that the workers alive train at once.")
    seconds: EstimateRange | None = Field(
        description="Of the whole study on these slots, nothing stopped early; empty while the "
        "time of a run is unknown."
    )
