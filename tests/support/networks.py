"""Networks with lively statistics, as training would leave them, in no time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rscore.amplitude import Amplitude
from rscore.networks import build_network
from rscore.networks.layers import RepeatTime, TimeMean
from rscore.neurons import LIF
from rscore.spec import RunSpec


def lively_network(spec: RunSpec, *, amplitude_mean: float = 0.7, seed: int = 0) -> nn.Module:
    """The spec's network in eval mode, firing, with BatchNorm statistics and mixed amplitudes."""
    torch.manual_seed(seed)
    network = build_network(spec)
    enliven(network, amplitude_mean=amplitude_mean)
    for _ in range(3):
        network(sample_images(spec, 16))
    return network.eval()


def enliven(network: nn.Module, *, amplitude_mean: float = 0.7) -> None:
    """Random amplitudes and BatchNorm parameters that make neurons fire."""
    for module in network.modules():
        if isinstance(module, Amplitude):
            nn.init.normal_(module.value, amplitude_mean, 0.6)
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
            nn.init.normal_(module.weight, 1.0, 0.5)
            nn.init.normal_(module.bias, 0.2, 0.3)
        if isinstance(module, LIF) and module.decay_logit is not None:
            nn.init.normal_(module.decay_logit)


def sample_images(spec: RunSpec, count: int) -> Tensor:
    """Random samples [count, ...] in [0, 1], of the shape that the spec's network takes."""
    return torch.rand(count, *spec.input_shape)


class Body(nn.Module):
    """A user's own network around some layers between the first neuron and the read-out."""

    def __init__(self, *layers: nn.Module, features: int, granularity: str = "element") -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.repeat = RepeatTime(3)
        self.neuron = lif_layer()
        self.amplitude = Amplitude(granularity, (4, 9, 9))
        self.body = nn.Sequential(*layers)
        self.linear = nn.Linear(features, 5)
        self.mean = TimeMean(3)

    def forward(self, x: Tensor) -> Tensor:
        spikes = self.amplitude(self.neuron(self.repeat(self.conv(x))))
        return self.mean(self.linear(torch.flatten(self.body(spikes), 1)))


def lif_layer() -> LIF:
    return LIF(num_timesteps=3, decay=0.5, v_threshold=0.1, surrogate_width=1.0)


def own_network(*layers: nn.Module, features: int, granularity: str = "element") -> nn.Module:
    torch.manual_seed(1)
    network = Body(*layers, features=features, granularity=granularity)
    enliven(network)
    network(torch.rand(8, 1, 9, 9))
    return network.eval()
