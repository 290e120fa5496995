"""An ONNX graph under construction, with one tensor per time step where a value has time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import ArrayLike, DTypeLike
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor

Value = str | tuple[str, ...]
"""Name of a tensor [N, ...], or the names of its T steps."""


@dataclass(slots=True)
class GraphBuilder:
    """Nodes and constants in order of execution."""

    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, TensorProto] = field(default_factory=dict)
    _used: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        """Appends a node of one output; the output's name, which is `name` while that is free."""
        return self.add_many(kind, name, *inputs, outputs=1, **attributes)[0]

    def add_many(
        self, kind: str, name: str, *inputs: str, outputs: int, **attributes: Any
    ) -> tuple[str, ...]:
        """Appends a node; the names of its outputs."""
        own = self.free(name)
        made = (own,) if outputs == 1 else tuple(f"{own}:{index}" for index in range(outputs))
        self.nodes.append(helper.make_node(kind, inputs, made, name=own, **attributes))
        return made

    def constant(self, name: str, value: Tensor | ArrayLike, kind: DTypeLike = np.float32) -> str:
        """A stored tensor's name; asked for again under one name it is stored once."""
        if name not in self.constants:
            array = value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)
            stored = np.ascontiguousarray(array.astype(kind)).reshape(array.shape)
            self.constants[name] = numpy_helper.from_array(stored, name)
        return name

    def integers(self, *values: int) -> str:
        """The name of a constant list of integers."""
        return self.constant("int:" + ",".join(map(str, values)), values, np.int64)

    def free(self, name: str) -> str:
        """`name`, or with a number behind it if it is taken."""
        self._used[name] += 1
        return name if self._used[name] == 1 else self.free(f"{name}#{self._used[name]}")

    def model(
        self, *, inputs: list[Any], outputs: list[Any], opset: int, about: dict[str, str]
    ) -> onnx.ModelProto:
        """The finished model, checked."""
        graph = helper.make_graph(
            self.nodes, "folded", inputs, outputs, list(self.constants.values())
        )
        opsets = [helper.make_opsetid("", opset)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=helper.find_min_ir_version_for(opsets)
        )
        model.producer_name = "realspike"
        helper.set_model_props(model, about)
        onnx.checker.check_model(model)
        return model


@dataclass(frozen=True, slots=True)
class Step:
    """One primitive on its way into the graph."""

    graph: GraphBuilder
    name: str
    op: Any
    """The primitive; each translator knows its type."""
    inputs: tuple[Value, ...]
    shapes: tuple[torch.Size, ...]
    """One sample's shape of each input."""

    @property
    def input(self) -> Value:
        """The only input of a primitive that has one."""
        return self.inputs[0]

    def tensor(self, name: str) -> str:
        """One of the primitive's own tensors as a constant."""
        return self.graph.constant(f"{self.name}:{name}", getattr(self.op, name))

    def tensors(self, *names: str) -> list[str]:
        """Those of the primitive's own tensors that it has, as constants."""
        return [self.tensor(name) for name in names if getattr(self.op, name) is not None]

    def emit(self, kind: str, *inputs: str, role: str = "", **attributes: Any) -> str:
        """One node named after the layer."""
        name = f"{self.name}/{role}" if role else self.name
        return self.graph.add(kind, name, *inputs, **attributes)

    def each(self, emit: Callable[..., str]) -> Value:
        """`emit` for every time step, or once where no input has time yet."""
        steps = {len(value) for value in self.inputs if isinstance(value, tuple)}
        if not steps:
            return emit(*self.inputs)
        (count,) = steps
        by_input = [v if isinstance(v, tuple) else (v,) * count for v in self.inputs]
        return tuple(emit(*at) for at in zip(*by_input, strict=True))

    def at_once(self, emit: Callable[[str], str]) -> Value:
        """`emit` once for all time steps side by side, where its weights are read only once."""
        if isinstance(self.input, str):
            return emit(self.input)
        joined = self.emit("Concat", *self.input, role="steps", axis=0)
        count = len(self.input)
        split = f"{self.name}/step"
        return self.graph.add_many(
            "Split", split, emit(joined), outputs=count, axis=0, num_outputs=count
        )
