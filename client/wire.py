"""The service's JSON as the client reads it: one typed dictionary a body."""

from __future__ import annotations

from typing import Any, TypedDict

Json = dict[str, Any]


class FieldProblem(TypedDict):
    """One thing wrong with one field."""

    path: str
    message: str
    hint: str | None


class Problem(TypedDict):
    """RFC 9457 problem+json."""

    type: str
    title: str
    status: int
    detail: str
    hint: str | None
    errors: list[FieldProblem] | None
    request_id: str


class Progress(TypedDict):
    """Where a training stands."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float | None
    accuracy: float | None
    eta_seconds: float | None


class Attempt(TypedDict):
    """One try at a run."""

    number: int
    worker_id: str
    host: str
    device: str
    outcome: str
    reason: str | None
    exit: str | None
    refused: int
    started_at: str
    finished_at: str | None
    resumed_step: int


class Run(TypedDict):
    """A run; notes and what follows them are there only when it was read alone."""

    id: str
    name: str
    experiment: str
    study_id: str | None
    tags: list[str]
    priority: int
    status: str
    reason: str | None
    detail: str | None
    attempt: int
    not_before: str | None
    worker_id: str | None
    cancel_requested: bool
    source: str
    spec: Json
    spec_digest: str
    progress: Progress | None
    summary: dict[str, float]
    created_at: str
    started_at: str | None
    finished_at: str | None
    archived_at: str | None
    notes: str | None
    attempts: list[Attempt]
    model_id: str | None
    queue_position: int | None


class ScriptBeat(TypedDict):
    """What a script is told when it says that it is at work."""

    status: str
    lease_seconds: float


class RunPage(TypedDict):
    """One page of runs."""

    items: list[Run]
    next_cursor: str | None
    total: int


class MetricSeries(TypedDict):
    """One metric of one run."""

    name: str
    total: int
    steps: list[int]
    values: list[float]
    epochs: list[int | None]


class Metrics(TypedDict):
    """Metrics of one run."""

    run_id: str
    series: list[MetricSeries]


class HistogramSeries(TypedDict):
    """One distribution of one run by rising step: counts of equal-width bins from low to high."""

    name: str
    steps: list[int]
    epochs: list[int | None]
    lows: list[float]
    highs: list[float]
    counts: list[list[int]]


class Histograms(TypedDict):
    """Distributions of one run: the names of all, and those that were asked for."""

    run_id: str
    names: list[str]
    series: list[HistogramSeries]


class LogLine(TypedDict):
    """One line of a run's log."""

    id: int
    attempt: int
    recorded_at: str
    text: str


class LogPage(TypedDict):
    """Newest lines of a run's log, oldest first."""

    items: list[LogLine]


class Study(TypedDict):
    """A study and where it stands."""

    id: str
    name: str
    experiment: str
    document: Json
    factors: list[str]
    metric: str
    goal: str
    status: str
    notice: str | None
    trials_left: int | None
    parallel: int | None
    counts: dict[str, int]
    total: int
    progress: float
    eta_seconds: float | None
    notes: str | None
    created_at: str
    finished_at: str | None
    archived_at: str | None


class StudyPage(TypedDict):
    """One page of studies."""

    items: list[Study]
    next_cursor: str | None
    total: int


class ConfidenceInterval(TypedDict):
    """A 95 % confidence interval."""

    low: float
    high: float


class CellComparison(TypedDict):
    """A cell minus the baseline, over the seeds that both have."""

    n: int
    mean: float | None
    std: float | None
    interval: ConfidenceInterval | None
    effect_size: float | None
    p: float | None
    p_uncorrected: float | None
    p_wilcoxon: float | None
    p_permutation: float | None
    seeds_needed: int | None
    finding: str
    sentence: str


class StudyCell(TypedDict):
    """One combination of the factors, over its seeds."""

    levels: Json
    script: str | None
    n: int
    runs: int
    failed: int
    pruned: int
    mean: float | None
    std: float | None
    interval: ConfidenceInterval | None
    bootstrap: ConfidenceInterval | None
    baseline: bool
    comparison: CellComparison | None
    values: list[float]
    run_ids: list[str]
    verdicts: dict[str, int]


class ReferenceValue(TypedDict):
    """A value from elsewhere, with its source."""

    name: str
    value: float
    source: str


class StudyTable(TypedDict):
    """The comparison table of a study."""

    study_id: str
    metric: str
    goal: str
    factors: list[str]
    cells: list[StudyCell]
    references: list[ReferenceValue]
    complete: bool


class StudyRerun(TypedDict):
    """What a rerun queued."""

    queued: int
    scripts: int
    study: Study


class SeedsAdded(TypedDict):
    """What more seeds queued, or would queue."""

    seeds: list[int]
    runs: int
    names: list[str]
    study: Study


class Objective(TypedDict):
    """A metric that a study looks at, and which way is better."""

    name: str
    goal: str


class BestRun(TypedDict):
    """A run that no other beats."""

    run_id: str
    name: str
    levels: Json
    values: list[float]


class StudyBest(TypedDict):
    """The best run of a study, or its Pareto front."""

    study_id: str
    objectives: list[Objective]
    runs: list[BestRun]
    finished: int
    pruned: int
    failed: int


class ParameterShare(TypedDict):
    """How much a parameter mattered."""

    name: str
    share: float


class ParameterLeftOut(TypedDict):
    """A parameter that has no share, and why."""

    name: str
    reason: str


class StudyImportance(TypedDict):
    """Which parameters of a study mattered for a metric."""

    study_id: str
    metric: str
    epoch: int | None
    runs: int
    shares: list[ParameterShare]
    left_out: list[ParameterLeftOut]
    notice: str | None


class EstimateRange(TypedDict):
    """From the lowest to the highest value that is likely."""

    low: float
    high: float


class RunEstimate(TypedDict):
    """What one run is likely to need; spikes and operations are of one sample."""

    parameters: EstimateRange
    neurons: EstimateRange
    macs: EstimateRange
    synops: EstimateRange
    spikes: EstimateRange
    firing_rate: EstimateRange
    memory_bytes: EstimateRange
    seconds: EstimateRange | None
    basis: list[str]


class RunPlan(TypedDict):
    """What a run document would queue."""

    name: str
    spec: Json
    spec_digest: str
    estimate: RunEstimate


class GroupMetric(TypedDict):
    """One metric of a group of runs, over those that succeeded."""

    metric: str
    n: int
    lacking: int
    mean: float | None
    std: float | None
    interval: ConfidenceInterval | None
    bootstrap: ConfidenceInterval | None
    comparison: CellComparison | None
    values: list[float]


class RunGroup(TypedDict):
    """Runs with the same levels."""

    levels: Json
    script: str | None
    baseline: bool
    runs: int
    counts: dict[str, int]
    repeats: int
    mixed: list[str]
    run_ids: list[str]
    metrics: list[GroupMetric]


class RunGroups(TypedDict):
    """Runs in groups."""

    by: list[str]
    metrics: list[str]
    goals: dict[str, str]
    total: int
    groups: list[RunGroup]
    complete: bool


class DifferingField(TypedDict):
    """One field in which runs differ: its value run by run."""

    name: str
    values: list[Any]


class RunDifferences(TypedDict):
    """What differs in the specs of runs."""

    run_ids: list[str]
    names: list[str]
    fields: list[DifferingField]
    same: int
    identical: list[list[str]]


class OverlayCurve(TypedDict):
    """One metric of one run, thinned out; `total` counts its stored points."""

    run_id: str
    name: str
    total: int
    steps: list[int]
    values: list[float]
    epochs: list[int | None]


class Overlays(TypedDict):
    """Curves of many runs; `pending` runs are to be asked for again."""

    run_ids: list[str]
    series: list[OverlayCurve]
    pending: list[str]


class StudyPlan(TypedDict):
    """What a study document would queue."""

    runs: int
    factors: list[str]
    cells: list[Json]
    seeds: list[int]
    remarks: list[str]
    estimates: list[RunEstimate]
    slots: int
    seconds: EstimateRange | None


class ModelFile(TypedDict):
    """A file of a folded model."""

    artifact_id: str
    kind: str
    name: str
    size: int
    sha256: str


class Model(TypedDict):
    """A folded model with the verdict of its certificate."""

    id: str
    run_id: str
    name: str
    verdict: str
    test_acc: float | None
    spec: Json
    input_shape: list[int]
    classes: list[str]
    files: list[ModelFile]
    created_at: str


class ModelPage(TypedDict):
    """One page of models."""

    items: list[Model]
    next_cursor: str | None
    total: int


class Certificate(TypedDict):
    """The certificate of a model."""

    model_id: str
    run_id: str
    certificate: Json


class Artifact(TypedDict):
    """A stored file of a run."""

    id: str
    run_id: str
    attempt: int
    kind: str
    name: str
    media_type: str
    size: int
    sha256: str
    step: int | None
    created_at: str


class ArtifactList(TypedDict):
    """Files of a run, oldest first."""

    items: list[Artifact]


class MetricPoint(TypedDict):
    """One value of one metric."""

    step: int
    value: float
    epoch: int | None


class MetricsWritten(TypedDict):
    """How many values were stored."""

    points: int


Sample = list[Any]
"""Nested lists of numbers: an image [C, H, W], or frames of event counts [T, C, H, W]."""


class Samples(TypedDict):
    """Held-out samples with labels."""

    inputs: list[Sample]
    labels: list[int]


class Prediction(TypedDict):
    """What a folded network says of one sample."""

    label: int
    name: str
    probability: float
    probabilities: list[float]


class Predictions(TypedDict):
    """One prediction per sample, and the spikes of each sample by neuron layer."""

    model_id: str
    predictions: list[Prediction]
    spikes: dict[str, list[int]]


class DatasetFile(TypedDict):
    """One original file of a data set."""

    name: str
    bytes: int | None
    md5: str
    urls: list[str]


class Dataset(TypedDict):
    """A data set that specs may name."""

    name: str
    title: str
    input_shape: list[int]
    classes: list[str]
    train: int
    test: int
    files: list[DatasetFile]
    ready: bool
    workers: dict[str, str]
    remedy: str | None


class DatasetList(TypedDict):
    """All data sets."""

    items: list[Dataset]


class Worker(TypedDict):
    """A worker process."""

    id: str
    host: str
    pid: int
    device: str
    slots: int
    versions: dict[str, str]
    status: str
    quarantined_at: str | None
    quarantine_reason: str | None
    run_ids: list[str]
    started_at: str
    seen_at: str
    stopped_at: str | None


class WorkerList(TypedDict):
    """Workers, newest first."""

    items: list[Worker]


class Experiment(TypedDict):
    """A name under which studies and runs stand."""

    name: str
    runs: dict[str, int]
    studies: dict[str, int]
    active_at: str


class ExperimentList(TypedDict):
    """All experiments, the newest activity first."""

    items: list[Experiment]


class Webhook(TypedDict):
    """An address that is told what happens."""

    id: str
    url: str
    events: list[str]
    created_at: str


class NewWebhook(Webhook):
    """A new webhook with its secret."""

    secret: str


class WebhookList(TypedDict):
    """Webhooks, newest first."""

    items: list[Webhook]


class WebhookDelivery(TypedDict):
    """One thing that a webhook is told."""

    id: str
    event: str
    state: str
    tries: int
    next_at: str | None
    answer: str | None
    payload: Json
    created_at: str
    delivered_at: str | None


class WebhookDeliveryPage(TypedDict):
    """One page of deliveries."""

    items: list[WebhookDelivery]
    next_cursor: str | None
    total: int


class Info(TypedDict):
    """What the service is and how it is set up."""

    version: str
    mode: str
    database: str
    broker: str
    study_run_limit: int
    web: bool
