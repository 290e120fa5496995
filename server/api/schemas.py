"""The wire: every request and response body of /api/v1."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from rscore.flat import flatten
from rscore.spec import FieldProblem, RunSpec
from server.storage.states import ArtifactKind, AttemptOutcome, RunSource, RunStatus
from server.studies.spec import Label, Seed, Tag

Name = Label
Notes = Annotated[
    str,
    Field(
        max_length=20_000,
        pattern=r"^[^\x00]*$",
        description="Markdown, for people; empty for none.",
    ),
]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC))]


class Wire(BaseModel):
    """Parent of every body: unknown fields are an error, never ignored."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Problem(BaseModel):
    """RFC 9457 problem+json: what was wrong and what to do."""

    type: str = Field(description="Stable identifier, for example /problems/spec-invalid.")
    title: str
    status: int
    detail: str
    hint: str | None = Field(None, description="What to do about it.")
    errors: list[FieldProblem] | None = None
    request_id: str


class RunCreate(Wire):
    """A run to queue; also the format of a run file."""

    name: Name | None = Field(None, description="Shown in lists; made from the spec when empty.")
    experiment: Name = "default"
    tags: list[Tag] = Field([], max_length=50)
    priority: int = Field(0, ge=-100, le=100, description="Higher runs first.")
    spec: RunSpec


class ProgressRead(Wire):
    """Where a training stands."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float | None = None
    accuracy: float | None = None
    eta_seconds: float | None = None


class AttemptRead(Wire):
    """One try at a run."""

    number: int
    worker_id: str
    host: str
    device: str
    outcome: AttemptOutcome
    reason: str | None
    exit: str | None = Field(
        description="How its process ended, where the worker saw it die: signal 9 (SIGKILL)."
    )
    refused: int = Field(
        description="Writes of it that were refused because it owned the run no longer."
    )
    started_at: datetime
    finished_at: datetime | None
    resumed_step: int


ScriptConfig = dict[str, Any]
"""Values by name; JSON, flat."""


class RunSummary(Wire):
    """A run as lists show it."""

    id: str
    name: str
    experiment: str
    study_id: str | None
    tags: list[str]
    priority: int
    status: RunStatus
    reason: str | None = Field(description="Stable code of why it failed or stopped.")
    detail: str | None
    attempt: int
    not_before: datetime | None = Field(
        description="When a queued run that lost its worker may be tried again."
    )
    worker_id: str | None
    cancel_requested: bool
    source: RunSource = Field(description="Who trains it: a worker, or a script of one's own.")
    spec: ScriptConfig | RunSpec = Field(
        union_mode="left_to_right",
        description="What it is: of a worker's run its specification, of a script's run the "
        "configuration that the script gave, nested names joined with dots.",
    )
    spec_digest: str
    progress: ProgressRead | None
    summary: dict[str, float] = Field(description="Newest value of every metric.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    archived_at: datetime | None = Field(description="Since when lists leave it out.")


class RunRead(RunSummary):
    """A run with its attempts and the model it made."""

    notes: str | None = Field(description="What a person wrote about it, in Markdown.")
    attempts: list[AttemptRead]
    model_id: str | None
    queue_position: int | None = Field(description="1 is next; only while queued.")


class ScriptRunCreate(Wire):
    """A run that a script of one's own trains, and that begins with this."""

    id: str | None = Field(
        None,
        pattern=r"^run_[0-9a-hjkmnp-tv-z]{26}$",
        description="Made by the script, which can so send this again, and later; else the "
        "service makes one.",
    )
    name: Name = Field("script", description="In a study, runs of one name make one cell.")
    experiment: Name = "default"
    tags: list[Tag] = Field([], max_length=50)
    notes: str | None = Field(None, max_length=20_000, pattern=r"^[^\x00]*$")
    config: Annotated[dict[str, Any], AfterValidator(flatten)] = Field(
        {}, description="Any JSON; nested names are joined with dots. `seed` pairs it in a study."
    )
    study_id: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Study whose table it stands in."
    )
    host: str = Field("", max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")
    device: str = Field("", max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")
    started_at: Moment | None = Field(None, description="By the script's clock; now if empty.")


class ScriptBeat(Wire):
    """What a script is told when it says that it is at work."""

    status: RunStatus = Field(description="cancelled means: a person wants it to stop.")
    lease_seconds: float = Field(description="A script that is silent for so long is lost.")


class ScriptEnd(Wire):
    """How a script's run ended."""

    status: Literal["succeeded", "failed", "cancelled"] = "succeeded"
    exit_code: int | None = Field(None, ge=-(2**31), le=2**31 - 1)
    detail: str | None = Field(None, max_length=20_000, description="Why, for a person.")
    finished_at: Moment | None = Field(None, description="By the script's clock; now if empty.")


class RunChange(Wire):
    """What people call a run and write about it; what is left out stays as it is."""

    name: Name | None = None
    experiment: Name | None = None
    tags: list[Tag] | None = Field(None, max_length=50, description="Instead of those it has.")
    add_tags: list[Tag] = Field([], max_length=50)
    remove_tags: list[Tag] = Field([], max_length=50)
    notes: Notes | None = None
    archived: bool | None = Field(None, description="Whether lists leave it out.")


class RunPage(Wire):
    """One page of runs."""

    items: list[RunSummary]
    next_cursor: str | None
    total: int


class MetricPoint(Wire):
    """One value of one metric."""

    step: int = Field(ge=0, le=2**53 - 1)
    value: float = Field(allow_inf_nan=False)
    epoch: int | None = Field(None, ge=0, le=2**31 - 1)


class MetricBatch(Wire):
    """Values to write; a (name, step) that exists is replaced."""

    attempt: int | None = Field(
        None,
        description="Attempt that writes; a superseded one is refused. Empty for own scripts, "
        "which write to runs that have ended, and to their own at any time.",
    )
    metrics: dict[Name, list[MetricPoint]] = Field(max_length=200)


class MetricsWritten(Wire):
    """How many values were stored."""

    points: int


class MetricSeries(Wire):
    """One metric of one run. `total` counts stored points, `steps` may be fewer."""

    name: str
    total: int
    steps: list[int]
    values: list[float]
    epochs: list[int | None]


class MetricsRead(Wire):
    """Metrics of one run."""

    run_id: str
    series: list[MetricSeries]


class HistogramSeries(Wire):
    """One distribution of one run by rising step: counts of equal-width bins from low to high."""

    name: str
    steps: list[int]
    epochs: list[int | None]
    lows: list[float] = Field(description="Left edge of the first bin, step by step.")
    highs: list[float] = Field(description="Right edge of the last bin, step by step.")
    counts: list[list[int]] = Field(description="Values in each bin, step by step.")


class HistogramsRead(Wire):
    """Distributions of one run: the names of all, and those that were asked for."""

    run_id: str
    names: list[str]
    series: list[HistogramSeries]


class LogLineRead(Wire):
    """One line of a run's log."""

    id: int
    attempt: int
    recorded_at: datetime
    text: str


class LogPage(Wire):
    """Newest lines of a run's log, oldest first."""

    items: list[LogLineRead]


class ArtifactRead(Wire):
    """A stored file; download it at /artifacts/{id}."""

    id: str
    run_id: str
    attempt: int
    kind: ArtifactKind
    name: str
    media_type: str
    size: int
    sha256: str
    step: int | None
    created_at: datetime


class ArtifactList(Wire):
    """Files of a run."""

    items: list[ArtifactRead]


class ConfidenceInterval(Wire):
    """A 95 % confidence interval."""

    low: float
    high: float


class CellComparison(Wire):
    """A cell minus the baseline, over the seeds that both have."""

    n: int = Field(description="Seeds that both cells have.")
    mean: float | None = Field(description="Mean difference; empty without a shared seed.")
    std: float | None
    interval: ConfidenceInterval | None = Field(description="Of the mean, by Student's t.")
    effect_size: float | None = Field(description="Cohen's d_z: mean over std.")
    p: float | None = Field(description="Paired t-test, after Holm's correction.")
    p_uncorrected: float | None
    p_wilcoxon: float | None = Field(description="Signed-rank test, uncorrected.")
    p_permutation: float | None = Field(description="Sign-flip test, uncorrected.")
    seeds_needed: int | None = Field(
        description="Seeds at which a paired t-test would likely show such a difference."
    )
    finding: Literal["better", "worse", "unclear", "equal", "untested"]
    sentence: str = Field(description="The verdict in words.")


class StudyCell(Wire):
    """One combination of the factors, over its seeds."""

    levels: dict[str, Any] = Field(description="Factor name to level.")
    script: str | None = Field(
        description="Name of the runs of people's own scripts that make this cell; then `levels` "
        "has only what they gave. Empty for what workers trained."
    )
    n: int = Field(description="Runs that succeeded and have the metric.")
    runs: int = Field(description="Runs that belong to the cell.")
    failed: int
    pruned: int = Field(description="Runs that were stopped early.")
    mean: float | None
    std: float | None = Field(description="Sample standard deviation; empty below two runs.")
    interval: ConfidenceInterval | None = Field(description="Of the mean, by Student's t.")
    bootstrap: ConfidenceInterval | None = Field(
        description="Of the mean, by the BCa bootstrap; empty below three different values."
    )
    baseline: bool = Field(description="True for the cell that the others are compared with.")
    comparison: CellComparison | None = Field(description="Empty for the baseline.")
    values: list[float]
    run_ids: list[str]
    verdicts: dict[str, int] = Field(description="Certificate verdicts of the cell's models.")


class ReferenceRead(Wire):
    """A value from elsewhere."""

    name: str
    value: float
    source: str


class StudyTable(Wire):
    """The comparison table of a study: one row a cell."""

    study_id: str
    metric: str
    goal: Literal["maximize", "minimize"]
    factors: list[str]
    cells: list[StudyCell]
    references: list[ReferenceRead]
    complete: bool = Field(description="True when no run is queued, running or paused.")


class StudyRead(Wire):
    """A study and where it stands."""

    id: str
    name: str
    experiment: str
    document: dict[str, Any]
    factors: list[str]
    metric: str
    goal: Literal["maximize", "minimize"]
    status: Literal["queued", "running", "paused", "finished", "cancelled"]
    notice: str | None = Field(description="Why the service itself paused the study.")
    trials_left: int | None = Field(description="Trials that a sweep has yet to make.")
    parallel: int | None = Field(description="Most runs that are open at once.")
    counts: dict[RunStatus, int]
    total: int
    progress: float = Field(ge=0, le=1, description="Share of all epochs done.")
    eta_seconds: float | None
    notes: str | None = Field(description="What a person wrote about it, in Markdown.")
    created_at: datetime
    finished_at: datetime | None
    archived_at: datetime | None = Field(description="Since when lists leave it and its runs out.")


class StudyPage(Wire):
    """One page of studies."""

    items: list[StudyRead]
    next_cursor: str | None
    total: int


class StudyChange(Wire):
    """What changes about a study; what is left out stays as it is."""

    priority: int | None = Field(None, ge=-100, le=100, description="Higher runs first.")
    parallel: int | None = Field(
        None, ge=1, le=1000, description="Most runs that are open at once."
    )
    name: Name | None = None
    experiment: Name | None = Field(None, description="Its runs go there too.")
    notes: Notes | None = None
    archived: bool | None = Field(None, description="Whether lists leave it and its runs out.")


class StudyRerunRequest(Wire):
    """Which runs of a study are queued again."""

    which: Literal["failed", "cancelled", "both"] = "failed"


class StudyRerun(Wire):
    """What a rerun queued."""

    queued: int
    scripts: int = Field(description="Such runs of own scripts; no worker can train those.")
    study: StudyRead


class SeedsRequest(Wire):
    """More seeds for a study: these, or so many that follow its highest."""

    seeds: list[Seed] | None = Field(None, min_length=1, max_length=10_000)
    count: int | None = Field(None, ge=1, le=10_000)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.seeds is None) == (self.count is None):
            raise ValueError("give either seeds, a list, or count, a number")
        return self


class SeedsAdded(Wire):
    """What more seeds queued, or would queue."""

    seeds: list[int]
    runs: int = Field(description="Runs that were missing: cells without one of these seeds.")
    names: list[str] = Field(description="Their names, in the order in which they begin.")
    study: StudyRead


class FileHash(Wire):
    """A file that a certificate speaks of."""

    artifact_id: str
    kind: ArtifactKind
    name: str
    size: int
    sha256: str


class ModelRead(Wire):
    """A folded model with the verdict of its certificate."""

    id: str
    run_id: str
    name: str
    verdict: Literal["exact", "bounded"]
    test_acc: float | None
    spec: RunSpec
    input_shape: tuple[int, ...] = Field(
        description="One sample's shape, (C, H, W) or (T, C, H, W)."
    )
    classes: list[str]
    files: list[FileHash]
    created_at: datetime


class ModelPage(Wire):
    """One page of models."""

    items: list[ModelRead]
    next_cursor: str | None
    total: int


class CertificateRead(Wire):
    """A certificate as docs/method.md describes it."""

    model_id: str
    run_id: str
    certificate: dict[str, Any]


def _nested(depth: int) -> dict[str, Any]:
    return {"type": "array", "items": _nested(depth - 1)} if depth else {"type": "number"}


# What is inside is checked against the model, and costs more time as nested fields.
Sample = Annotated[list[Any], WithJsonSchema({"anyOf": [_nested(3), _nested(4)]})]


class SamplesRead(Wire):
    """Held-out samples with labels."""

    inputs: list[Sample] = Field(
        description="Images [N, C, H, W] in [0, 1], or frames [N, T, C, H, W] of event counts."
    )
    labels: list[int]


class PredictRequest(Wire):
    """Samples to classify."""

    inputs: list[Sample] = Field(
        description="1 to 256 images [N, C, H, W] with pixels in [0, 1], or recordings "
        "[N, T, C, H, W] as frames of event counts.",
        min_length=1,
        max_length=256,
    )


class Prediction(Wire):
    """What the folded network says of one sample."""

    label: int
    name: str
    probability: float
    probabilities: list[float]


class PredictResponse(Wire):
    """One prediction per sample."""

    model_id: str
    predictions: list[Prediction]
    spikes: dict[str, list[int]] = Field(
        description="Neuron layer to the spikes of each sample; empty where the file has no counts."
    )


class DatasetFileRead(Wire):
    """One original file of a data set."""

    name: str
    bytes: int | None
    md5: str
    urls: list[str]


class DatasetRead(Wire):
    """A data set that specs may name."""

    name: str
    title: str
    input_shape: tuple[int, ...]
    classes: list[str]
    train: int
    test: int
    files: list[DatasetFileRead]
    ready: bool = Field(description="True when a live worker, or this server's folder, has it.")
    workers: dict[str, str] = Field(description='Live worker id to "ready" or what is missing.')
    remedy: str | None = Field(description="What to do when it is not ready.")


class DatasetList(Wire):
    """All data sets."""

    items: list[DatasetRead]


class WorkerRead(Wire):
    """A worker process."""

    id: str
    host: str
    pid: int
    device: str
    slots: int
    versions: dict[str, str]
    status: Literal["alive", "quarantined", "draining", "stopped", "lost"]
    quarantined_at: datetime | None = Field(
        description="Since when it gets no runs, because they failed on it one after another."
    )
    quarantine_reason: str | None = Field(description="Which failed, and what to do.")
    run_ids: list[str]
    started_at: datetime
    seen_at: datetime
    stopped_at: datetime | None


class WorkerList(Wire):
    """Workers, newest first."""

    items: list[WorkerRead]


class EventRead(Wire):
    """One change, as the data of a server-sent event; `id` is its Last-Event-ID."""

    id: int
    kind: Literal["run", "metrics", "histograms", "progress", "log", "study", "model", "worker"]
    run_id: str | None
    study_id: str | None
    data: dict[str, Any]
    created_at: datetime


class Health(Wire):
    """The process answers."""

    status: Literal["ok"]
    version: str


class Readiness(Wire):
    """Whether the service can do its work, check by check."""

    ready: bool
    checks: dict[str, str] = Field(description='Check name to "ok" or what is wrong.')
    warnings: list[str] = Field(
        description="What keeps runs from being trained, while the service itself can work."
    )


class ServiceInfo(Wire):
    """What this service is and how it is set up."""

    version: str
    mode: Literal["embedded", "team"]
    database: Literal["sqlite", "postgresql"]
    broker: Literal["filesystem", "redis"]
    study_run_limit: int
    web: bool = Field(description="True when the web page is built and served at /.")
