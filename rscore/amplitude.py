"""The learned spike amplitude `a`: emitted value o = a * s, after spike and reset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, TypeGuard, TypeVar

import torch
from torch import Tensor, nn

from rscore.neurons import LIF
from rscore.spec import Granularity, RunSpec

Constraint = Literal["free", "positive", "power-of-two"]


def free(value: Tensor) -> Tensor:
    """The parameter itself, of any sign."""
    return value


def positive(value: Tensor) -> Tensor:
    """|value|, which starts at 1 as the parameter does; the gradient is that of the modulus."""
    return value.abs()


def power_of_two(value: Tensor) -> Tensor:
    """sign(value) 2^round(log2 |value|), with the gradient of the identity (straight-through).

    A product with a power of two changes no bit of a float's fraction, so such amplitudes fold
    exactly in float32 as well. Exponents stay in [-30, 30].

    Source of the gradient: Bengio et al., Estimating or Propagating Gradients, 2013
    (arXiv 1308.3432).
    """
    size = value.detach().abs().clamp(2.0**-30, 2.0**30)
    rounded = torch.exp2(size.log2().round()).copysign(value.detach())
    return rounded + (value - value.detach()) if value.requires_grad else rounded


CONSTRAINTS: Mapping[Constraint, Callable[[Tensor], Tensor]] = MappingProxyType(
    {"free": free, "positive": positive, "power-of-two": power_of_two}
)
"""Every constraint by its name in a run specification: parameter to amplitude in force."""


class Amplitude(nn.Module):
    """Real-valued spike o[t] = a * s[t] with `a` shared per layer, channel or element.

    Neuron state never sees `a`, which is what makes the fold exact. `a` starts at 1.

    Args:
        granularity: layer (one number), channel ([C]) or element (the whole sample shape).
        shape: one sample's shape at this place, (C, H, W) or (C,).
        constraint: which values `a` may take, see CONSTRAINTS.

    Source: Guo et al., Real Spike, ECCV 2022 (arXiv 2210.06686).
    """

    def __init__(
        self, granularity: Granularity, shape: tuple[int, ...], constraint: Constraint = "free"
    ) -> None:
        super().__init__()
        if granularity == "binary":
            raise ValueError("a binary network has no amplitude; use make_amplitude")
        sizes: dict[str, tuple[int, ...]] = {
            "layer": (1,) * len(shape),
            "channel": (shape[0],) + (1,) * (len(shape) - 1),
            "element": shape,
        }
        self.granularity = granularity
        self.constraint: Constraint = constraint
        self.value = nn.Parameter(torch.ones(sizes[granularity]))
        self._constrain = CONSTRAINTS[constraint]

    def effective(self) -> Tensor:
        """The amplitude in force, [1, ...], [C, 1, 1] or [C, H, W]."""
        return self._constrain(self.value)

    def forward(self, spikes: Tensor) -> Tensor:
        """Real-valued spikes [T*N, C, H, W] (or [T*N, C]) for spikes of the same shape."""
        return spikes * self.effective().to(spikes.dtype)

    def extra_repr(self) -> str:
        """What the layer's repr shows."""
        return f"{self.granularity}, {tuple(self.value.shape)}, {self.constraint}"


def make_amplitude(spec: RunSpec, shape: tuple[int, ...]) -> nn.Module:
    """The spec's amplitude for one sample's `shape`, or for a binary network the identity."""
    if spec.granularity == "binary":
        return nn.Identity()
    return Amplitude(spec.granularity, shape, spec.amplitude_constraint)


def real_spikes(neuron: nn.Module, amplitude: nn.Module, currents: Tensor) -> Tensor:
    """amplitude(neuron(currents)), [T*N, ...]; in training in one pass over memory where possible.

    Somebody who listens to one of the layers hears it: then they run one by one.
    """
    if _plain(neuron, LIF) and _plain(amplitude, Amplitude):
        return neuron.scaled(currents, amplitude.effective())
    separate: Tensor = amplitude(neuron(currents))
    return separate


_M = TypeVar("_M", bound=nn.Module)


def _plain(module: nn.Module, kind: type[_M]) -> TypeGuard[_M]:
    """True for a layer in training that is of this very class and that nobody listens to.

    Outside of training layers run one by one, which is what a trace for folding or export sees.
    """
    hooks = (
        module._forward_hooks,
        module._forward_pre_hooks,
        module._backward_hooks,
        module._backward_pre_hooks,
        "forward" in vars(module),
    )
    in_use = module.training and torch.is_grad_enabled() and not torch.compiler.is_compiling()
    return type(module) is kind and in_use and not any(hooks)


class RealSpike(nn.Sequential):
    """A neuron layer and its amplitude: real-valued spikes o[t] = a * s[t] of currents [T*N, ...].

    Args:
        neuron: the neuron layer.
        amplitude: its amplitude, or the identity for a binary network.
    """

    def __init__(self, neuron: nn.Module, amplitude: nn.Module) -> None:
        super().__init__(neuron, amplitude)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Real-valued spikes, shape of the currents."""
        return real_spikes(self[0], self[1], input)
