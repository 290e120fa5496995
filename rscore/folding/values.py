"""What flows along an edge while folding: an analog current, or binary spikes that owe a scale."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from rscore.folding.net import Node
from rscore.folding.ops import Op


@dataclass(frozen=True, slots=True)
class Analog:
    """A real-valued map: the image on its way in, or a current on its way to a neuron."""

    node: str
    from_image: bool


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
    def element_wise(self) -> bool:
        """True when the scale varies over positions of one channel."""
        return self.scale is not None and self.scale.dim() == 3 and self.scale[0].numel() > 1


Value = Analog | Spikes


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

    def replace(self, name: str, op: Op) -> None:
        """Put another primitive in a node's place."""
        self.ops[name] = op
