"""States of a run and the one table of transitions between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class RunStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    """Waits for a worker to claim it."""
    RUNNING = "running"
    """One attempt owns it and renews a lease."""
    PAUSED = "paused"
    """Put aside by a person; no worker may claim it."""
    SUCCEEDED = "succeeded"
    """Trained, folded, certified, exported and registered."""
    FAILED = "failed"
    """Ended with a reason; what was measured is kept."""
    CANCELLED = "cancelled"
    """Stopped by a person."""


TERMINAL = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED})

TRANSITIONS: Mapping[RunStatus, frozenset[RunStatus]] = MappingProxyType(
    {
        RunStatus.QUEUED: frozenset({RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.CANCELLED}),
        RunStatus.RUNNING: frozenset(
            {RunStatus.QUEUED, RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED}
        ),
        RunStatus.PAUSED: frozenset({RunStatus.QUEUED, RunStatus.CANCELLED}),
        RunStatus.SUCCEEDED: frozenset(),
        RunStatus.FAILED: frozenset({RunStatus.QUEUED}),
        RunStatus.CANCELLED: frozenset({RunStatus.QUEUED}),
    }
)


class RunSource(StrEnum):
    """Who trains a run."""

    WORKER = "worker"
    """A worker of the service claims it."""
    SCRIPT = "script"
    """A script of somebody's own trains it, and says how it goes."""


SCRIPT_TRANSITIONS: Mapping[RunStatus, frozenset[RunStatus]] = MappingProxyType(
    {
        RunStatus.QUEUED: frozenset(),
        RunStatus.RUNNING: TERMINAL,
        RunStatus.PAUSED: frozenset(),
        RunStatus.SUCCEEDED: frozenset(),
        # One that was taken for lost is heard of again.
        RunStatus.FAILED: frozenset({RunStatus.RUNNING}),
        RunStatus.CANCELLED: frozenset(),
    }
)
"""The same for runs of scripts: nobody else can begin them, so they never wait for anybody."""


class AttemptOutcome(StrEnum):
    """How one try at a run ended."""

    RUNNING = "running"
    """It has not ended."""
    SUCCEEDED = "succeeded"
    """It finished the run."""
    FAILED = "failed"
    """It ended the run with an error that another try would meet again."""
    CANCELLED = "cancelled"
    """A person stopped it."""
    DRAINED = "drained"
    """Its worker shut down and handed the run back with a checkpoint."""
    LOST = "lost"
    """Its worker was seen to die, or was silent until the lease ran out."""


class ArtifactKind(StrEnum):
    """What a stored file is for."""

    CHECKPOINT = "checkpoint"
    """Everything needed to go on training; the last two are kept while a run is open."""
    WEIGHTS = "weights"
    """Final weights of the trained network, safetensors."""
    FOLDED = "folded"
    """The folded network: safetensors weights."""
    GRAPH = "graph"
    """The folded network: JSON graph beside the weights."""
    ONNX = "onnx"
    """The folded network as one ONNX file."""
    NIR = "nir"
    """The folded network as a NIR graph, HDF5, where its primitives allow."""
    PT2 = "pt2"
    """The folded network as a torch.export archive."""
    CERTIFICATE = "certificate"
    """The certificate of the fold, JSON."""
    SAMPLES = "samples"
    """A few held-out samples with labels, JSON, to try the model on."""
    FILE = "file"
    """Added to the run by a person's own script, under a name of their choice."""
