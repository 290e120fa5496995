"""What flows along an edge while folding: an analog current, or spikes that owe a scale."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor

from rscore.folding.net import Node
from rscore.folding.ops import Op


@dataclass(frozen=True, slots=True)
class Analog:
    """A real-valued map: the image on its way in, or a current on its way to a neuron."""

    node: str
    from_image: bool
    synapses: tuple[str, ...] = ()
    """The synapses whose currents it sums, where it is nothing else: BatchNorm moves into them."""


@dataclass(frozen=True, slots=True)
class Spikes:
    """The training net has `pool(scale . x)` here, the folded net has binary `x` so far.

    `scale` broadcasts against one sample [C, H, W] (or [F] once flat). `pool` is an average pool
    (window = stride) that waits because the scale varies inside its windows; `flat` says that the
    map was flattened after it.
    """

    node: str
    shape: tuple[int, ...]
    """One sample's shape of the folded net's `x`."""
    scale: Tensor | None = None
    pool: tuple[int, int] | None = None
    flat: bool = False

    @property
    def mapped_size(self) -> tuple[int, int]:
        """Rows and columns of what the training net has here, pools that wait included."""
        rows, columns = self.pool or (1, 1)
        return self.shape[1] // rows, self.shape[2] // columns

    @property
    def element_wise(self) -> bool:
        """True when the scale varies over positions of one channel."""
        return self.scale is not None and self.scale.dim() == 3 and self.scale[0].numel() > 1


@dataclass(frozen=True, slots=True)
class Streams:
    """A sum of differently scaled spikes, `Σ a_k . s_k`: each needs a folded kernel of its own."""

    parts: tuple[Spikes, ...]
    """Two or more, of one shape."""


Value = Analog | Spikes | Streams


def spikes_of(value: Spikes | Streams) -> tuple[Spikes, ...]:
    """The scaled spikes that a value sums; one for plain spikes."""
    return value.parts if isinstance(value, Streams) else (value,)


def summed(parts: Sequence[Spikes]) -> Spikes | Streams:
    """The sum of scaled spikes."""
    return parts[0] if len(parts) == 1 else Streams(tuple(parts))


@dataclass(slots=True)
class Builder:
    """The folded graph under construction."""

    nodes: list[Node] = field(default_factory=list)
    ops: dict[str, Op] = field(default_factory=dict)

    def add(self, name: str, op: Op, *inputs: str) -> str:
        """Append one node; its name."""
        self.nodes.append(Node(name, op.op, inputs))
        self.ops[name] = op
        return name

    def fresh_name(self, wanted: str) -> str:
        """The name itself, or with the first number behind it that is not taken."""
        numbered = (f"{wanted}#{number}" for number in itertools.count(2))
        return next(name for name in itertools.chain([wanted], numbered) if name not in self.ops)
