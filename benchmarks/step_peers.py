"""One training step of the same network with different neurons, alternating in one process.

Runs in the peers' environment: `python -m benchmarks.step_peers SPEC_JSON ROUNDS PRECISION [NAME]`
with PRECISION fp32 or bf16 (autocast), channels-last as in our training. Prints the median seconds
and CPU seconds of each implementation, or with a NAME the peak of that one's resident memory.
"""

from __future__ import annotations

import copy
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rscore.amplitude import Amplitude
from rscore.networks import build_network
from rscore.neurons import LIF
from rscore.process import prepare_process
from rscore.spec import RunSpec, parse_spec

OURS = "realspike"


class Spike(torch.autograd.Function):
    """Heaviside with the rectangle surrogate, one step."""

    @staticmethod
    def forward(ctx: Any, distance: Tensor) -> Tensor:
        ctx.save_for_backward(distance)
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (distance,) = ctx.saved_tensors
        return grad * (distance.abs() < 0.5)


class PlainNeuron(nn.Module):
    """The textbook loop over T with plain autograd."""

    def __init__(self, lif: LIF) -> None:
        super().__init__()
        self.lif = lif
        self.decay = lif.decay_value()

    def forward(self, x: Tensor) -> Tensor:
        membrane, spikes = None, []
        for current in x.unflatten(0, (self.lif.num_timesteps, -1)):
            carried = 0 if membrane is None else membrane * (1 - spikes[-1])
            membrane = self.decay * carried + current
            spikes.append(Spike.apply(membrane - self.lif.v_threshold))
        return torch.cat(spikes)


class SpikingJellyNeuron(nn.Module):
    """SpikingJelly's multi-step LIF with the same dynamics (tau = 1 / (1 - decay))."""

    def __init__(self, lif: LIF) -> None:
        super().__init__()
        from spikingjelly.activation_based import neuron, surrogate

        self.num_timesteps = lif.num_timesteps
        self.node = neuron.LIFNode(
            tau=1 / (1 - lif.decay_value()),
            decay_input=False,
            v_threshold=lif.v_threshold,
            v_reset=0.0,
            surrogate_function=surrogate.Rect(alpha=1.0),
            step_mode="m",
        )

    def forward(self, x: Tensor) -> Tensor:
        self.node.reset()
        return self.node(x.unflatten(0, (self.num_timesteps, -1))).flatten(0, 1)


def replaced(
    network: nn.Module, kind: type[nn.Module], by: Callable[[Any], nn.Module]
) -> nn.Module:
    """A copy of the network whose layers of a kind are replaced."""
    changed = copy.deepcopy(network)
    for name, module in list(changed.named_modules()):
        if isinstance(module, kind):
            parent = changed.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], by(module))
    return changed


def variants(spec: RunSpec) -> Iterator[tuple[str, nn.Module]]:
    """Name and network of each implementation; all start from the same weights.

    The peers' amplitude is a product in plain torch; the ReLU network has none.
    """
    network = build_network(spec)
    without = replaced(network, Amplitude, lambda _: nn.Identity())
    yield OURS, network
    yield "plain autograd", replaced(network, LIF, PlainNeuron)
    yield "SpikingJelly 2.0.0 multi-step", replaced(network, LIF, SpikingJellyNeuron)
    yield "ReLU at batch T*N (the limit)", replaced(without, LIF, lambda _: nn.ReLU())


def peak_mib() -> float:
    """Peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def step(network: nn.Module, images: Tensor, labels: Tensor, *, bf16: bool) -> tuple[float, float]:
    """Seconds and CPU seconds of one forward and backward pass."""
    network.zero_grad()
    began, used = time.perf_counter(), time.process_time()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        logits = network(images)
    F.cross_entropy(logits.float(), labels).backward()
    return time.perf_counter() - began, time.process_time() - used


def main() -> None:
    spec, rounds, precision = parse_spec(json.loads(sys.argv[1])), int(sys.argv[2]), sys.argv[3]
    torch.manual_seed(0)
    images = torch.rand(spec.batch_size, *spec.input_shape)
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.randint(10, (spec.batch_size,))
    chosen = sys.argv[4:]
    networks = {
        name: network.to(memory_format=torch.channels_last)
        for name, network in variants(spec)
        if not chosen or name in chosen
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in networks}
    for _ in range(rounds + 1):
        for name, network in networks.items():
            times[name].append(step(network, images, labels, bf16=precision == "bf16"))
    if chosen:
        print(json.dumps({"peak_mib": peak_mib()}))
        return
    result: dict[str, Any] = {"native_bf16": torch.ops.mkldnn._is_mkldnn_bf16_supported()}
    for place, what in enumerate(("seconds", "cpu_seconds")):
        result[what] = {
            name: statistics.median(value[place] for value in values[1:])
            for name, values in times.items()
        }
    print(json.dumps(result))


if __name__ == "__main__":
    prepare_process()
    main()
