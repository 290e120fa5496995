"""Evaluation of a network on held-out data, with the firing rate of every neuron layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from rscore.amplitude import Amplitude
from rscore.data.samples import Samples
from rscore.neurons import LIF

CHUNK = 256
"""Images in one forward pass: enough to fill the cores, few enough for small memory."""


def evaluate(
    network: nn.Module, samples: Samples, *, interrupted: Callable[[], bool]
) -> dict[str, float] | None:
    """Metrics test_loss, test_acc, firing_rate and firing_rate/<layer> in eval mode.

    Args:
        network: images [N, C, H, W] to logits [N, K]; left in eval mode.
        samples: the held-out split.
        interrupted: asked between chunks; when true the evaluation is dropped.

    Returns:
        The metrics, or None when interrupted. A firing rate is the mean over samples, time steps
        and neurons of the binary spikes.
    """
    network.eval()
    device = next(network.parameters()).device
    loss = torch.zeros((), dtype=torch.float64, device=device)
    correct = torch.zeros((), dtype=torch.int64, device=device)
    chunks = torch.arange(len(samples)).split(CHUNK)
    with torch.no_grad(), _counting_spikes(network) as rates:
        for inputs, labels in samples.batches(chunks):
            if interrupted():
                return None
            logits = network(inputs)
            loss += functional.cross_entropy(logits, labels, reduction="sum").double()
            correct += (logits.argmax(1) == labels).sum()
    values = {
        "test_loss": loss.item() / len(samples),
        "test_acc": correct.item() / len(samples),
    }
    layers = {name: total.item() / len(samples) for name, total in rates.items()}
    if layers:
        values["firing_rate"] = sum(layers.values()) / len(layers)
    return values | {f"firing_rate/{name}": rate for name, rate in layers.items()}


def amplitude_metrics(network: nn.Module) -> dict[str, float]:
    """Metrics amplitude_mean/<layer> and amplitude_std/<layer>; none for a binary network."""
    values: dict[str, float] = {}
    for name, module in network.named_modules():
        if isinstance(module, Amplitude):
            std, mean = torch.std_mean(module.value.detach().double(), correction=0)
            values[f"amplitude_mean/{name}"] = mean.item()
            values[f"amplitude_std/{name}"] = std.item()
    return values


@contextmanager
def _counting_spikes(network: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Per LIF layer the sum over samples of their mean spikes, filled by forward hooks."""
    sums: dict[str, Tensor] = {}

    def watch(name: str, neuron: LIF) -> torch.utils.hooks.RemovableHandle:
        def add(module: nn.Module, inputs: tuple[Tensor], spikes: Tensor) -> None:  # noqa: ARG001
            samples = spikes.shape[0] // neuron.num_timesteps
            total = spikes.mean(dtype=torch.float64) * samples
            sums[name] = sums[name] + total if name in sums else total

        return neuron.register_forward_hook(add)

    handles = [
        watch(name, module) for name, module in network.named_modules() if isinstance(module, LIF)
    ]
    try:
        yield sums
    finally:
        for handle in handles:
            handle.remove()
