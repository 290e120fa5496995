"""FoldedNet: a graph of primitives whose neurons emit {0, 1} and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from torch import Tensor, nn

from rscore.errors import FoldError
from rscore.folding.ops import OPS, FactoredConv2d, LIFOp, Op

INPUT = "images"


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the graph: `op` applied to the outputs of `inputs`."""

    name: str
    op: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """What a folded network did with one batch."""

    logits: Tensor
    """[N, K]."""
    spikes: dict[str, Tensor] = field(default_factory=dict)
    """Neuron layer to spikes [T*N, ...], as the layer itself computed them."""
    currents: dict[str, Tensor] = field(default_factory=dict)
    """Neuron layer to its input currents [T*N, ...]."""
    values: dict[str, Tensor] = field(default_factory=dict)
    """Every node to its output, only where asked for."""
    smallest_margin: float = float("inf")
    """Smallest |u - v_threshold| met anywhere."""


@dataclass(frozen=True, slots=True)
class Firing:
    """What one neuron layer did with one batch; tensors are [T*N, ...]."""

    layer: str
    op: LIFOp
    current: Tensor
    membrane: Tensor
    spikes: Tensor


class FoldedNet(nn.Module):
    """Folded network: images [N, C, H, W] in [0, 1] to logits [N, K], binary spikes inside.

    Recordings of events are frames [N, T, C, H, W] instead. Neurons emit {0, 1}, ternary ones
    {-1, 0, 1}, and nothing else. `nodes` is the order of execution; the last node is the output.
    """

    def __init__(self, nodes: Sequence[Node], ops: Mapping[str, Op]) -> None:
        super().__init__()
        self.nodes = tuple(nodes)
        self.ops = nn.ModuleDict({self._key(name): op for name, op in ops.items()})
        self._spent = _last_uses(self.nodes)

    @staticmethod
    def _key(name: str) -> str:
        return name.replace(".", "/")

    def op(self, name: str) -> Op:
        """The primitive of a node."""
        found = self.ops[self._key(name)]
        if not isinstance(found, Op):
            raise TypeError(f"{name} is a {type(found).__name__}, not a primitive")
        return found

    def forward(self, images: Tensor) -> Tensor:
        """Logits [N, K]."""
        return self._run(images, lambda _, op, current: op(current))

    def watch(
        self,
        images: Tensor,
        see: Callable[[Firing], None],
        *,
        forced: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """Logits [N, K]; `see` is shown each neuron layer as it fires, and nothing is kept.

        Args:
            images: [N, C, H, W].
            see: called once per neuron layer, in order.
            forced: spikes [T*N, ...] per neuron layer that later layers see instead of the
                computed ones (teacher forcing: local errors do not cascade).
        """

        def fire(name: str, op: LIFOp, current: Tensor) -> Tensor:
            membrane, spikes = op.membrane_and_spikes(current)
            see(Firing(name, op, current, membrane, spikes))
            return spikes if forced is None else forced[name]

        return self._run(images, fire)

    def trace(
        self,
        images: Tensor,
        *,
        forced: Mapping[str, Tensor] | None = None,
        keep_values: bool = False,
    ) -> Trace:
        """Logits with the spikes of every neuron layer.

        Args:
            images: [N, C, H, W].
            forced: see `watch`.
            keep_values: keep the output of every node.
        """
        spikes: dict[str, Tensor] = {}
        currents: dict[str, Tensor] = {}
        kept: dict[str, Tensor] | None = {} if keep_values else None
        margins = [float("inf")]

        def fire(name: str, op: LIFOp, current: Tensor) -> Tensor:
            membrane, emitted = op.membrane_and_spikes(current)
            spikes[name], currents[name] = emitted, current
            margins.append(op.margin(membrane))
            return emitted if forced is None else forced[name]

        logits = self._run(images, fire, kept)
        return Trace(logits, spikes, currents, kept or {}, min(margins))

    def _run(
        self,
        images: Tensor,
        fire: Callable[[str, LIFOp, Tensor], Tensor],
        kept: dict[str, Tensor] | None = None,
    ) -> Tensor:
        """Every node in order, neurons by `fire`; a value is let go behind its last consumer."""
        values = {INPUT: images}
        for node, spent in zip(self.nodes, self._spent, strict=True):
            op = self.op(node.name)
            inputs = [values[name] for name in node.inputs]
            values[node.name] = (
                fire(node.name, op, *inputs) if isinstance(op, LIFOp) else op(*inputs)
            )
            if kept is None:
                for name in spent:
                    del values[name]
        if kept is not None:
            kept.update(values)
        return values[self.nodes[-1].name]

    def materialize(self, *, limit_bytes: int) -> FoldedNet:
        """A copy with every factored layer's unshared kernels written out, tile by tile.

        Kernels that do not fit into memory can be had one tile at a time from
        `FactoredConv2d.tiles`.

        Args:
            limit_bytes: of all unshared kernels together in float32, the form that is stored.

        Raises:
            FoldError: if they need more than `limit_bytes` together; nothing is allocated then.
        """
        needed = self.materialized_bytes()
        if needed > limit_bytes:
            raise FoldError(
                "the whole network",
                f"its unshared kernels need {needed / 2**20:,.0f} MiB, over the limit of "
                f"{limit_bytes / 2**20:,.0f} MiB; keep it factored or raise the limit",
            )
        nodes: list[Node] = []
        ops: dict[str, Op] = {}
        for node in self.nodes:
            op = self.op(node.name)
            written = op.materialize() if isinstance(op, FactoredConv2d) else copy.deepcopy(op)
            nodes.append(Node(node.name, written.op, node.inputs))
            ops[node.name] = written
        return FoldedNet(nodes, ops)

    @property
    def alphabet(self) -> tuple[int, ...]:
        """Every value that some neuron of this network may emit."""
        values = {
            value for op in self.ops.values() if isinstance(op, LIFOp) for value in op.alphabet
        }
        return tuple(sorted(values))

    def materialized_bytes(self) -> int:
        """Bytes in float32 of the unshared kernels that are still factored."""
        return sum(
            op.materialized_bytes() for op in self.ops.values() if isinstance(op, FactoredConv2d)
        )

    def graph(self) -> list[dict[str, Any]]:
        """The graph as JSON values; tensors are named `node:tensor`."""
        return [
            {
                "name": node.name,
                "op": node.op,
                "inputs": list(node.inputs),
                "attributes": self.op(node.name).attributes(),
                "tensors": [
                    name
                    for name, value in self.op(node.name).named_buffers(recurse=False)
                    if value is not None
                ],
            }
            for node in self.nodes
        ]

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor of the graph as `node:tensor`."""
        return {
            f"{node.name}:{name}": value
            for node in self.nodes
            for name, value in self.op(node.name).named_buffers(recurse=False)
        }

    @classmethod
    def from_graph(cls, graph: Sequence[Mapping[str, Any]], tensors: Mapping[str, Tensor]) -> Self:
        """The network from what `graph` and `tensors` gave."""
        nodes, ops = [], {}
        for entry in graph:
            name = entry["name"]
            nodes.append(Node(name, entry["op"], tuple(entry["inputs"])))
            own = {key: tensors[f"{name}:{key}"] for key in entry["tensors"]}
            ops[name] = OPS[entry["op"]].build(entry["attributes"], own)
        return cls(nodes, ops)


def _last_uses(nodes: Sequence[Node]) -> tuple[tuple[str, ...], ...]:
    """For each node, the values that nothing behind it reads; never the output's."""
    last = {node.name: index for index, node in enumerate(nodes)}
    for index, node in enumerate(nodes):
        last |= dict.fromkeys(node.inputs, index)
    last.pop(nodes[-1].name)
    return tuple(
        tuple(name for name, at in last.items() if at == index) for index in range(len(nodes))
    )
