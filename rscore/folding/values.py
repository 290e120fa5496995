"""What flows along an edge while folding: an analog current, or spikes that owe a scale."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor

from rscore.folding.arithmetic import pooled_size
from rscore.folding.net import INPUT, Node
from rscore.folding.ops import Op, Pair


@dataclass(frozen=True, slots=True)
class Analog:
    """A real-valued map: the image on its way in, or a current on its way to a neuron."""

    node: str
    from_image: bool
    synapses: tuple[str, ...] = ()
    """The synapses whose currents it sums, where it is nothing else: BatchNorm moves into them."""


@dataclass(frozen=True, slots=True)
class Window:
    """An average pool without padding."""

    kernel: Pair
    stride: Pair

    @property
    def tiles(self) -> bool:
        """True when windows neither overlap nor leave gaps."""
        return self.kernel == self.stride


@dataclass(frozen=True, slots=True)
class Spikes:
    """The training net has `pool(scale . x)` here, the folded net has binary `x` so far.

    `scale` broadcasts against one sample [C, H, W] (or [F] once flat) and has as many dimensions.
    `pool` is an average pool that waits because the scale varies inside its windows; `flat` says
    that the map was flattened after it. Spikes that carry one scale may have been added before:
    `x` is then their count.
    """

    node: str
    shape: tuple[int, ...]
    """One sample's shape of the folded net's `x`."""
    scale: Tensor | None = None
    pool: Window | None = None
    flat: bool = False

    @property
    def element_wise(self) -> bool:
        """True when the scale varies over positions of one channel."""
        return self.scale is not None and self.scale.dim() == 3 and self.scale[0].numel() > 1

    @property
    def mapped_size(self) -> Pair:
        """Rows and columns of what the training net has here, a pool that waits included."""
        size = (self.shape[1], self.shape[2])
        return size if self.pool is None else pooled_size(size, self.pool.kernel, self.pool.stride)


@dataclass(frozen=True, slots=True)
class Streams:
    """A sum of differently scaled spikes, `Σ a_k . s_k`: each needs a folded kernel of its own."""

    parts: tuple[Spikes, ...]
    """Two or more, of one shape in the training net."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Something that does not depend on the images: a parameter, a buffer, a size."""

    value: object


Activation = Analog | Spikes | Streams
Value = Activation | Constant


def spikes_of(value: Spikes | Streams) -> tuple[Spikes, ...]:
    """The scaled spikes that a value sums; one for plain spikes."""
    return value.parts if isinstance(value, Streams) else (value,)


def summed(parts: Sequence[Spikes]) -> Spikes | Streams:
    """The sum of scaled spikes."""
    return parts[0] if len(parts) == 1 else Streams(tuple(parts))


@dataclass(slots=True)
class Builder:
    """The folded graph under construction."""

    reserved: frozenset[str] = frozenset()
    """Names of the network's layers, which nothing else may take."""
    nodes: list[Node] = field(default_factory=list)
    ops: dict[str, Op] = field(default_factory=dict)

    def add(self, name: str, op: Op, *inputs: str) -> str:
        """Append one node; its name, which differs from `name` where that is taken."""
        numbered = (f"{name}#{number}" for number in itertools.count(2))
        names = itertools.chain([name], numbered)
        free = next(one for one in names if one not in self.ops and one != INPUT)
        self.nodes.append(Node(free, op.op, inputs))
        self.ops[free] = op
        return free

    def function_name(self, name: str) -> str:
        """A name for a node that is no layer."""
        numbered = (f"{name}_{number}" for number in itertools.count(1))
        names = itertools.chain([name], numbered)
        return next(one for one in names if one not in self.ops and one not in self.reserved)
