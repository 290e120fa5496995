"""Evaluation of a network on held-out data, with what its neuron layers do on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from rscore.amplitude import Amplitude
from rscore.data.samples import Samples
from rscore.neurons import LIF
from rscore.training.batches import opened
from rscore.training.histograms import Histogram, membrane_histogram

CHUNK = 256
"""Images in one forward pass: enough to fill the cores, few enough for small memory."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation measured."""

    metrics: dict[str, float]
    """test_loss, test_acc, firing_rate and firing_rate/<layer>."""
    histograms: dict[str, Histogram]
    """membrane/<layer>: the membrane before reset, for some samples of the first chunk."""


def evaluate(
    network: nn.Module, samples: Samples, *, interrupted: Callable[[], bool]
) -> Evaluation | None:
    """Metrics and membrane histograms of a network in eval mode and float32.

    Args:
        network: samples [N, ...] to logits [N, K]; left in eval mode.
        samples: the held-out split.
        interrupted: asked between chunks; when true the evaluation is dropped.

    Returns:
        What was measured, or None when interrupted. A firing rate is the share of samples, time
        steps and neurons with a spike, of whichever sign.
    """
    network.eval()
    device = next(network.parameters()).device
    loss = torch.zeros((), dtype=torch.float64, device=device)
    correct = torch.zeros((), dtype=torch.int64, device=device)
    chunks = torch.arange(len(samples)).split(CHUNK)
    with torch.no_grad(), _watched(network) as seen, opened(samples, chunks) as batches:
        for inputs, labels in batches:
            if interrupted():
                return None
            logits = network(inputs)
            loss += functional.cross_entropy(logits, labels, reduction="sum").double()
            correct += (logits.argmax(1) == labels).sum()
    metrics = {
        "test_loss": loss.item() / len(samples),
        "test_acc": correct.item() / len(samples),
    }
    rates = {name: total.item() / len(samples) for name, total in seen.spikes.items()}
    if rates:
        metrics["firing_rate"] = sum(rates.values()) / len(rates)
    metrics |= {f"firing_rate/{name}": rate for name, rate in rates.items()}
    membranes = {f"membrane/{name}": one for name, one in seen.membranes.items() if one}
    return Evaluation(metrics, membranes)


def amplitude_metrics(network: nn.Module) -> dict[str, float]:
    """Metrics amplitude_mean/<layer> and amplitude_std/<layer>; none for a binary network."""
    values: dict[str, float] = {}
    for name, module in network.named_modules():
        if isinstance(module, Amplitude):
            std, mean = torch.std_mean(module.effective().detach().double(), correction=0)
            values[f"amplitude_mean/{name}"] = mean.item()
            values[f"amplitude_std/{name}"] = std.item()
    return values


@dataclass(slots=True)
class _Seen:
    """Per neuron layer: the sum over samples of their share of spikes, and the membrane."""

    spikes: dict[str, Tensor] = field(default_factory=dict)
    membranes: dict[str, Histogram | None] = field(default_factory=dict)

    def add(self, name: str, neuron: LIF, currents: Tensor, spikes: Tensor) -> None:
        samples = spikes.shape[0] // neuron.num_timesteps
        total = spikes.abs().mean(dtype=torch.float64) * samples
        self.spikes[name] = self.spikes[name] + total if name in self.spikes else total
        if name not in self.membranes:
            self.membranes[name] = membrane_histogram(neuron, currents)


@contextmanager
def _watched(network: nn.Module) -> Iterator[_Seen]:
    """What every LIF layer does inside the block, seen by forward hooks."""
    seen = _Seen()

    def watch(name: str, neuron: LIF) -> torch.utils.hooks.RemovableHandle:
        def add(module: nn.Module, inputs: tuple[Tensor], spikes: Tensor) -> None:  # noqa: ARG001
            seen.add(name, neuron, inputs[0], spikes)

        return neuron.register_forward_hook(add)

    handles = [
        watch(name, module) for name, module in network.named_modules() if isinstance(module, LIF)
    ]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
