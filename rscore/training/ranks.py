"""Ranks: the processes that train one run together, each with its part of every batch."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from rscore.errors import SpecError
from rscore.reporting import StopReason
from rscore.spec import RunSpec

_PATIENCE = timedelta(hours=12)
"""How long ranks wait for rank 0, which alone tests and writes."""

_STRENGTHS = (None, StopReason.DRAINED, StopReason.CANCELLED, StopReason.SUPERSEDED)
"""Answers to "stop?", the stronger later: whoever lost the run must not write."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """Process `rank` of `size`. One process alone is the default, and pays nothing for it.

    Every method is called by all ranks at the same place of the training. What they agree on goes
    through the CPU (gloo), so that a GPU is not waited for.
    """

    rank: int = 0
    size: int = 1
    control: distributed.ProcessGroup | None = None

    @property
    def main(self) -> bool:
        """Whether this rank speaks, tests and writes for all."""
        return self.rank == 0

    def fit(self, spec: RunSpec, samples: int) -> None:
        """SpecError if a batch has less than one sample for each rank."""
        smallest = min(spec.batch_size, samples)
        if smallest < self.size:
            raise SpecError(
                f"batch_size: a batch of {smallest} cannot be shared by {self.size} processes; use "
                "a larger batch_size, or fewer processes"
            )

    def share(self, batch: Tensor) -> Tensor:
        """This rank's part of a batch [n]; the parts differ by one sample at most."""
        count = len(batch)
        first, end = (self.rank * count // self.size, (self.rank + 1) * count // self.size)
        return batch[first:end]

    def weight(self, own: int, whole: int) -> float:
        """What a mean over `own` samples counts, so that the ranks' average is that of `whole`."""
        return self.size * own / whole

    def wrap(self, objective: nn.Module) -> nn.Module:
        """An objective whose gradients are averaged over the ranks in the backward pass.

        On CUDA the statistics of BatchNorm are those of the whole batch (SyncBatchNorm). On the
        CPU, which has no such layer, each rank normalises by its own part, and the running
        statistics are those of rank 0: every forward pass begins with a copy of them.
        """
        if self.size == 1:
            return objective
        device = next(objective.parameters()).device
        if device.type == "cuda":
            return DistributedDataParallel(objective, device_ids=[device], broadcast_buffers=False)
        return DistributedDataParallel(objective)

    def total(self, *values: float) -> list[float]:
        """Sums over the ranks, in float64."""
        if self.size == 1:
            return list(values)
        summed = torch.tensor(values, dtype=torch.float64)
        distributed.all_reduce(summed, group=self.control)
        return [float(value) for value in summed]

    def agree(self, stop: StopReason | None) -> StopReason | None:
        """The strongest of the ranks' reasons to stop, the same for all."""
        return self.decide(stop, save=False)[0]

    def decide(self, stop: StopReason | None, *, save: bool) -> tuple[StopReason | None, bool]:
        """The strongest reason to stop, and whether a rank wants a checkpoint; the same for all."""
        if self.size == 1:
            return stop, save
        wishes = torch.tensor([_STRENGTHS.index(stop), int(save)])
        distributed.all_reduce(wishes, distributed.ReduceOp.MAX, group=self.control)
        strength, saves = wishes.tolist()
        return _STRENGTHS[strength], bool(saves)

    def told(self, *values: float) -> list[float]:
        """Rank 0's values, for all."""
        if self.size == 1:
            return list(values)
        held = torch.tensor(values, dtype=torch.float64)
        distributed.broadcast(held, src=0, group=self.control)
        return [float(value) for value in held]

    def wait(self) -> None:
        """Until every rank is here."""
        if self.size > 1:
            distributed.barrier(self.control)


ALONE = Ranks()


class Launched(NamedTuple):
    """What torchrun says to a process that it started."""

    rank: int
    local: int
    """Rank among the processes of this machine."""
    size: int


def launched_ranks() -> Launched:
    """What the environment says; the one process of a training that torchrun did not start."""
    defaults = {"RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 1}
    return Launched(*(int(os.environ.get(name, value)) for name, value in defaults.items()))


@contextmanager
def joined_ranks(device: str) -> Iterator[Ranks]:
    """This process among those that torchrun started; alone when there is no torchrun.

    Args:
        device: where this rank trains; NCCL joins GPUs, gloo joins CPUs.
    """
    rank, _, size = launched_ranks()
    if size == 1:
        yield ALONE
        return
    place = torch.device(device)
    if place.type == "cuda":
        torch.cuda.set_device(place)
    backend = "nccl" if place.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        with warnings.catch_warnings():
            # Of dimensions of size 1, whose stride means nothing.
            warnings.filterwarnings("ignore", message="Grad strides do not match bucket view")
            yield Ranks(rank, size, distributed.new_group(backend="gloo", timeout=_PATIENCE))
    finally:
        distributed.destroy_process_group()


@contextmanager
def synchronised_norms(objective: nn.Module, ranks: Ranks) -> Iterator[None]:
    """On CUDA with several ranks: SyncBatchNorm in the place of every BatchNorm, for the block.

    The layers that take the place share their parameters and statistics, so that the network is
    afterwards as it was built, with what it learned.
    """
    device = next(objective.parameters()).device
    if ranks.size == 1 or device.type != "cuda":
        yield
        return
    with replaced_norms(objective):
        yield


@contextmanager
def replaced_norms(module: nn.Module) -> Iterator[None]:
    """SyncBatchNorm in the place of every BatchNorm inside `module`, for the block."""
    before = [
        (parent, name, child)
        for parent in list(module.modules())
        for name, child in list(parent.named_children())
        if isinstance(child, nn.modules.batchnorm._BatchNorm)
    ]
    nn.SyncBatchNorm.convert_sync_batchnorm(module)
    try:
        yield
    finally:
        for parent, name, child in before:
            setattr(parent, name, child)
