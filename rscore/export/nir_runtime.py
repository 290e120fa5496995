"""Runs a NIR file by the equations of NIR's own documentation, knowing nothing of folding.

Neurons take one forward Euler step a time step: v += dt/tau ((v_leak - v) + r I), or v += dt r I
without a leak; z = 1 where v > v_threshold, and there v = v_reset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nir
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from rscore.errors import ExportError

Layer = Callable[[Tensor], Tensor]
"""One node: its input at this time step to its output; a neuron remembers its membrane."""


def load(path: Path) -> nir.NIRGraph:
    """The graph of a file.

    Raises:
        ExportError: if the file is no NIR graph.
    """
    try:
        graph = nir.read(path)
    except (OSError, KeyError, ValueError) as error:
        raise ExportError(f"{path.name} is not a NIR file: {error}") from error
    if not isinstance(graph, nir.NIRGraph):
        raise ExportError(f"{path.name} holds a single NIR node, not a graph")
    return graph


@torch.no_grad()
def run(path: Path, inputs: Tensor, chunk: int = 64) -> Tensor:
    """Mean over time of the graph's output, [N, K].

    Args:
        path: a NIR file whose metadata says num_timesteps, dt and whether samples are frames.
        inputs: [N, C, H, W], given at each step, or frames [N, T, C, H, W].
        chunk: samples that run at once.
    """
    graph = load(path)
    steps, frames = int(graph.metadata["num_timesteps"]), bool(graph.metadata["frames"])
    means = []
    for part in inputs.split(chunk):
        network = _Network(graph, float(graph.metadata["dt"]))
        outputs = [network.step(part[:, t] if frames else part) for t in range(steps)]
        means.append(torch.stack(outputs).mean(0))
    return torch.cat(means)


class _Network:
    """The graph's nodes in order of execution, with their state."""

    def __init__(self, graph: nir.NIRGraph, dt: float) -> None:
        self._sources: dict[str, list[str]] = {name: [] for name in graph.nodes}
        for source, target in graph.edges:
            self._sources[target].append(source)
        self._order = list(TopologicalSorter(self._sources).static_order())
        self._layers = {name: _layer(name, node, dt) for name, node in graph.nodes.items()}
        (self._input,), (self._output,) = graph.inputs, graph.outputs

    def step(self, x: Tensor) -> Tensor:
        """One time step; edges into one node add up."""
        values = {self._input: x}
        for name in self._order:
            if name != self._input:
                total = values[self._sources[name][0]]
                for source in self._sources[name][1:]:
                    total = total + values[source]
                values[name] = self._layers[name](total)
        return values[self._output]


def _layer(name: str, node: nir.NIRNode, dt: float) -> Layer:
    build = LAYERS.get(type(node))
    if build is None:
        raise ExportError(f"no equation here for node {name}, a {type(node).__name__}")
    return build(node, dt)


def _same(node: Any, dt: float) -> Layer:  # noqa: ARG001
    return lambda x: x


def _conv2d(node: Any, dt: float) -> Layer:  # noqa: ARG001
    weight, bias = torch.from_numpy(node.weight), torch.from_numpy(node.bias)
    stride, padding, dilation = (
        tuple(int(side) for side in value) for value in (node.stride, node.padding, node.dilation)
    )
    groups = int(node.groups)
    return lambda x: F.conv2d(x, weight, bias, stride, padding, dilation, groups)


def _affine(node: Any, dt: float) -> Layer:  # noqa: ARG001
    weight = torch.from_numpy(node.weight)
    bias = torch.from_numpy(node.bias) if isinstance(node, nir.Affine) else None
    return lambda x: F.linear(x, weight, bias)


def _scale(node: Any, dt: float) -> Layer:  # noqa: ARG001
    scale = torch.from_numpy(node.scale)
    return lambda x: x * scale


def _average_pool2d(node: Any, dt: float) -> Layer:  # noqa: ARG001
    kernel, stride, padding = (
        [int(side) for side in value] for value in (node.kernel_size, node.stride, node.padding)
    )
    return lambda x: F.avg_pool2d(x, kernel, stride, padding)


def _flatten(node: Any, dt: float) -> Layer:  # noqa: ARG001
    start, end = int(node.start_dim), int(node.end_dim)
    return lambda x: x.flatten(start + 1 if start >= 0 else start, end + 1 if end >= 0 else end)


class _Neuron:
    """v[t] = keep v[t-1] + leak + gain I[t], then spike and reset."""

    def __init__(self, node: Any, *, keep: np.ndarray, leak: np.ndarray, gain: np.ndarray) -> None:
        self._keep, self._leak, self._gain = (
            torch.from_numpy(np.asarray(value)).float() for value in (keep, leak, gain)
        )
        self._threshold = torch.from_numpy(node.v_threshold)
        self._reset = torch.from_numpy(node.v_reset)
        self._membrane: Tensor | None = None

    def __call__(self, current: Tensor) -> Tensor:
        """Spikes [N, ...] of currents [N, ...]."""
        before = torch.zeros_like(current) if self._membrane is None else self._membrane
        membrane = self._keep * before + (self._leak + self._gain * current)
        fires = membrane > self._threshold
        self._membrane = torch.where(fires, self._reset, membrane)
        return fires.to(current.dtype)


def _integrate_and_fire(node: Any, dt: float) -> Layer:
    gain = dt * node.r
    return _Neuron(node, keep=np.ones_like(gain), leak=np.zeros_like(gain), gain=gain)


def _leaky_integrate_and_fire(node: Any, dt: float) -> Layer:
    share = dt / node.tau
    return _Neuron(node, keep=1 - share, leak=share * node.v_leak, gain=share * node.r)


LAYERS: Mapping[type, Callable[[Any, float], Layer]] = MappingProxyType(
    {
        nir.Input: _same,
        nir.Output: _same,
        nir.Conv2d: _conv2d,
        nir.Affine: _affine,
        nir.Linear: _affine,
        nir.Scale: _scale,
        nir.AvgPool2d: _average_pool2d,
        nir.Flatten: _flatten,
        nir.IF: _integrate_and_fire,
        nir.LIF: _leaky_integrate_and_fire,
    }
)
"""The equation of each NIR primitive that is run here."""
