"""FoldedNet: a graph of primitives whose neurons emit {0, 1} and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
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


class FoldedNet(nn.Module):
    """Folded network: images [N, C, H, W] in [0, 1] to logits [N, K], binary spikes inside.

    `nodes` is the order of execution; the last node is the output.
    """

    def __init__(self, nodes: Sequence[Node], ops: Mapping[str, Op]) -> None:
        super().__init__()
        self.nodes = tuple(nodes)
        self.ops = nn.ModuleDict({self._key(name): op for name, op in ops.items()})

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
        values = {INPUT: images}
        for node in self.nodes:
            values[node.name] = self.op(node.name)(*(values[name] for name in node.inputs))
        return values[self.nodes[-1].name]

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
            forced: spikes [T*N, ...] per neuron layer that later layers see instead of the
                computed ones (teacher forcing: local errors do not cascade).
            keep_values: keep the output of every node.
        """
        values = {INPUT: images}
        spikes: dict[str, Tensor] = {}
        currents: dict[str, Tensor] = {}
        margin = float("inf")
        for node in self.nodes:
            op = self.op(node.name)
            inputs = [values[name] for name in node.inputs]
            if isinstance(op, LIFOp):
                membrane, emitted = op.membrane_and_spikes(*inputs)
                spikes[node.name], currents[node.name] = emitted, inputs[0]
                margin = min(margin, op.margin(membrane))
                values[node.name] = emitted if forced is None else forced[node.name]
            else:
                values[node.name] = op(*inputs)
        return Trace(
            values[self.nodes[-1].name],
            spikes,
            currents,
            dict(values) if keep_values else {},
            margin,
        )

    def materialize(self, *, limit_bytes: int) -> FoldedNet:
        """A copy with every factored layer's unshared kernels written out.

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
        nodes, ops = [], {}
        for node in self.nodes:
            op = self.op(node.name)
            if isinstance(op, FactoredConv2d):
                op = op.materialize()
            nodes.append(Node(node.name, op.op, node.inputs))
            ops[node.name] = copy.deepcopy(op)
        return FoldedNet(nodes, ops)

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
