"""Learner: everything that an optimiser step changes, and the step itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn

from rscore.checkpoint import Checkpoint
from rscore.recomputing import recomputed_spikes
from rscore.spec import RunSpec
from rscore.training.averaging import Average
from rscore.training.compilation import CompiledForward, require_compiler
from rscore.training.objective import make_objective
from rscore.training.optimizers import (
    make_optimizer,
    optimizer_tensors,
    restore_optimizer,
    set_learning_rate,
)
from rscore.training.precision import Precision
from rscore.training.ranks import Ranks, synchronised_norms

_NETWORK = "network."
"""The network's place in the objective; what is elsewhere is the objective's own."""


class Learner:
    """A network with its objective, optimiser, precision and average.

    The network, on its device, is the one that learns; what is tested and folded is `tested()`.

    Raises:
        SpecError: a precision that the device has not, or torch.compile where it does not work.
    """

    def __init__(self, spec: RunSpec, network: nn.Module, ranks: Ranks) -> None:
        device = next(network.parameters()).device
        self._spec = spec
        self._network = network
        self._device = device
        self._ranks = ranks
        self._precision = Precision(spec, device)
        if spec.compile:
            require_compiler(device)
        self._compiled = CompiledForward(network) if spec.compile else None
        # Before the objective, whose own parameters are not averaged.
        self._average = Average(network, spec.ema_decay) if spec.ema_decay else None
        self._objective = make_objective(spec, network).to(device)
        if _fastest_in_channels_last(spec, device):
            self._objective.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._together = ranks.wrap(self._objective)
        self._optimizer = make_optimizer(spec, self._objective)

    def at_work(self) -> AbstractContextManager[None]:
        """Around the whole training: BatchNorm of all ranks together, where the device can."""
        return synchronised_norms(self._objective, self._ranks)

    @contextmanager
    def training(self) -> Iterator[None]:
        """Around the steps: train mode, and the forward pass as the spec wants it."""
        self._objective.train()
        with self._compiled.in_place() if self._compiled else nullcontext():
            yield

    def step(
        self, inputs: Tensor, labels: Tensor, *, lr: float, progress: float, weight: float
    ) -> tuple[Tensor, Tensor]:
        """One optimiser step; the loss [] and logits [N, K] before it, detached.

        Args:
            inputs: [N, ...], augmented.
            labels: [N].
            lr: learning rate.
            progress: share of the run's steps that are done.
            weight: of this rank's loss in the average over the ranks; 1 for one alone.
        """
        set_learning_rate(self._optimizer, lr)
        self._optimizer.zero_grad()
        with self._precision.mixed(), self._memory():
            loss, logits = self._together(inputs, labels, progress=progress)
        weighted = loss if weight == 1 else loss * weight
        self._precision.apply(
            weighted, self._optimizer, self._objective, clip_norm=self._spec.clip_norm
        )
        if self._average:
            self._average.update()
        return loss.detach(), logits.detach()

    def tested(self) -> nn.Module:
        """The network to test and fold: the average of its weights if the spec wants one."""
        return self._average.network() if self._average else self._network

    def broken_weight(self) -> str | None:
        """Name of a parameter that is no longer finite: a NaN can hide behind silent neurons."""
        for name, parameter in self._objective.named_parameters():
            if not torch.isfinite(parameter).all():
                return name.removeprefix(_NETWORK)
        return None

    def parts(self) -> dict[str, Mapping[str, Tensor]]:
        """Everything, for a checkpoint: by part of the file, the tensors by name."""
        return {
            "model": self._network.state_dict(),
            "objective": self._own_tensors(),
            "optimizer": optimizer_tensors(self._optimizer, self._objective),
            "precision": self._precision.tensors(),
            "average": self._average.tensors() if self._average else {},
        }

    def restore(self, saved: Checkpoint) -> None:
        """Go on from a checkpoint; KeyError or RuntimeError if its tensors do not fit."""
        self._network.load_state_dict(saved.part("model"))
        whole = self._objective.state_dict()
        self._objective.load_state_dict(
            {name: tensor for name, tensor in whole.items() if name.startswith(_NETWORK)}
            | saved.part("objective")
        )
        restore_optimizer(self._optimizer, self._objective, saved.part("optimizer"))
        self._precision.restore(saved.part("precision"))
        if self._average:
            self._average.restore(saved.part("average"))

    def _memory(self) -> AbstractContextManager[None]:
        """Around the forward pass: on a GPU, whose memory limits the batch, less is kept.

        On the CPU, where it does not, this was measured to cost 2 to 3 % of a step's time.
        """
        lean = self._device.type == "cuda" and not self._spec.compile
        return recomputed_spikes() if lean else nullcontext()

    def _own_tensors(self) -> dict[str, Tensor]:
        state = self._objective.state_dict()
        return {name: tensor for name, tensor in state.items() if not name.startswith(_NETWORK)}


def _fastest_in_channels_last(spec: RunSpec, device: torch.device) -> bool:
    """Measured: a fifth faster on the CPU; on CUDA it is the layout of half-precision kernels."""
    return device.type == "cpu" or spec.precision != "fp32"
