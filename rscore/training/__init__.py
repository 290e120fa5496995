"""Training: from a spec to a trained network, stoppable and exactly resumable at every step.

Nothing that a step uses is carried along as hidden state: the order of the samples follows from
(seed, epoch), the augmentation from (seed, epoch, batch), the learning rate from the step. So a
run that stops anywhere and goes on from its checkpoint ends, on the CPU and with the same number
of threads and of processes, in the same bits as a run that never stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from rscore import checkpoint, data
from rscore.networks import build_network
from rscore.randomness import reproducible
from rscore.reporting import Reporter, StopReason
from rscore.spec import RunSpec
from rscore.training.loop import CHECKPOINT_SECONDS, TrainingLoop
from rscore.training.ranks import ALONE, Ranks
from rscore.training.threads import fitting_threads

CHECKPOINT_NAME = "checkpoint.safetensors"
SAMPLES = 32
"""Held-out samples that travel with a model, for a first try."""


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a training leaves behind."""

    network: nn.Module
    """In eval mode, on the CPU; the average of its weights where the spec wants one."""
    epochs: int
    """Epochs completed."""
    steps: int
    """Optimiser steps completed."""
    metrics: dict[str, float]
    """Newest value of every metric."""
    held_out: tuple[Tensor, Tensor]
    """The first test samples, on which the fold is proved: inputs and labels, on the CPU."""
    stopped: StopReason | None
    """Why it ended early, or None when it is complete."""


def train(
    spec: RunSpec,
    reporter: Reporter,
    *,
    workdir: Path,
    data_dir: Path,
    device: str = "cpu",
    resume_from: Path | None = None,
    ranks: Ranks = ALONE,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> TrainResult:
    """Train the network of a spec, and say all along where it stands.

    A checkpoint is written to `workdir`/checkpoint.safetensors after every epoch, after
    `checkpoint_seconds` in the midst of one, and when a stop is requested between two steps or
    while testing; a superseded run writes nothing more. One that finds no room on the disk is
    left out, which the log says, and training goes on.

    Args:
        spec: the training, completely.
        reporter: gets log lines, metrics, progress and checkpoints, and is asked whether to stop.
        workdir: folder of the checkpoint.
        data_dir: folder with one sub-folder per data set.
        device: cpu, cuda or cuda:N.
        resume_from: checkpoint of the same spec to go on from.
        ranks: the processes that train together, each of which makes this call: `batch_size` is
            that of all together, rank 0 alone reports, tests and writes, and a stop that one is
            asked for stops all at one step. They see the same `workdir` and `resume_from`.
        checkpoint_seconds: an epoch that takes longer writes a checkpoint so often.

    Raises:
        DatasetMissingError, DatasetCorruptError: before anything is trained.
        SpecError: if this device or this number of ranks cannot train the spec.
        CheckpointError: if `resume_from` cannot be read or belongs to another spec.
        NonFiniteLossError: if the loss or a weight becomes NaN or infinite.
    """
    place = torch.device(device)
    saved = checkpoint.load(resume_from, spec) if resume_from else None
    samples = data.load(spec, data_dir)
    settings = reproducible(place, deterministic=spec.deterministic)
    with settings, fitting_threads(spec, ranks=ranks.size):
        torch.manual_seed(spec.seed)
        network = build_network(spec).to(place)
        loop = TrainingLoop(
            spec,
            reporter,
            network,
            samples.to(place),
            path=workdir / CHECKPOINT_NAME,
            ranks=ranks,
            checkpoint_seconds=checkpoint_seconds,
        )
        if saved:
            loop.restore(saved)
        stopped = loop.run()
    return TrainResult(
        network=_plain(loop.trained()),
        epochs=loop.epoch,
        steps=loop.step,
        metrics=dict(loop.metrics),
        held_out=samples.test.head(max(spec.certificate_samples, SAMPLES)),
        stopped=stopped,
    )


def _plain(network: nn.Module) -> nn.Module:
    network.eval().cpu().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return network
