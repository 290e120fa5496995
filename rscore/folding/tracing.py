"""Finds a network's graph: torch.fx with spiking layers as leaves, and what each node gives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx, nn

from rscore.amplitude import Amplitude
from rscore.errors import FoldError
from rscore.networks.layers import Connect, FlattenTime, Normalize, RepeatTime, TimeMean
from rscore.neurons import LIF

_LEAVES = (LIF, Amplitude, Connect, FlattenTime, Normalize, RepeatTime, TimeMean)
_INERT = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
"""Layers that do nothing in eval mode."""
_USER_ERRORS = (TypeError, ValueError, RuntimeError, AttributeError, LookupError)
"""What Python raises where code asks a traced tensor for what it does not have."""
_AGREEMENT = 1e-9


class _SpikingTracer(fx.Tracer):
    """Keeps torch's own modules and the spiking ones whole."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """True for a module that is one node of the graph."""
        return isinstance(m, _LEAVES) or super().is_leaf_module(m, module_qualified_name)


class _Recorder(fx.Interpreter):
    """Runs the graph once: shapes of tensors, and values of what does not depend on the images."""

    def run_node(self, n: fx.Node) -> Any:
        """The node's result; meta["shape"] or meta["value"] is set beside it.

        Neither is set for a number or a list of tensors that depends on the images.
        """
        result = super().run_node(n)
        constant = all("value" in one.meta for one in n.all_input_nodes)
        if (constant and n.op != "placeholder") or _asks_for_a_size(n):
            n.meta["value"] = result
        elif isinstance(result, Tensor):
            n.meta["shape"] = tuple(result.shape)
        return result


def trace_network(network: nn.Module, example: Tensor) -> fx.GraphModule:
    """The graph of a network, each node with its output's shape in meta["shape"].

    A node that does not depend on the images has its result in meta["value"] instead. Layers that
    do nothing in eval mode are left out.

    Args:
        network: in eval mode.
        example: images [N, ...] that fit it, in its dtype.

    Raises:
        FoldError: if the network does not run on the example, if its forward pass cannot be traced
            (control flow that depends on the data), or if the trace computes something else.
    """
    owner = type(network).__name__
    try:
        expected = network(example)
    except _USER_ERRORS as error:
        raise FoldError(owner, f"it does not run on the example ({error})") from error
    tracer = _SpikingTracer()
    try:
        graph = tracer.trace(network)
        module = fx.GraphModule(tracer.root, graph)
        _leave_out_inert(module)
        traced = _Recorder(module).run(example)
    except _USER_ERRORS as error:
        raise FoldError(owner, f"its forward pass cannot be traced ({error})") from error
    if isinstance(expected, Tensor) and not _same(expected, traced):
        raise FoldError(
            owner,
            "its trace computes something else than the network; it changes a tensor in place that "
            "is used again, is random, or depends on more than its input",
        )
    return module


def sample_shape(node: fx.Node) -> tuple[int, ...]:
    """Shape of one sample of a node's output, batch left out."""
    shape: tuple[int, ...] = node.meta["shape"]
    return shape[1:]


def call_name(layer: str, call: int) -> str:
    """The name of a layer's first, second, ... call in one forward pass."""
    return layer if call == 1 else f"{layer}#{call}"


def _asks_for_a_size(node: fx.Node) -> bool:
    if node.target is getattr:
        return node.args[1] in ("shape", "ndim", "dtype", "device")
    return node.op == "call_method" and node.target in ("size", "dim")


def _leave_out_inert(module: fx.GraphModule) -> None:
    for node in list(module.graph.nodes):
        if node.op == "call_module" and type(module.get_submodule(node.target)) in _INERT:
            node.replace_all_uses_with(node.all_input_nodes[0])
            module.graph.erase_node(node)
    module.recompile()


def _same(expected: Tensor, traced: object) -> bool:
    if not isinstance(traced, Tensor) or expected.shape != traced.shape:
        return False
    return torch.allclose(expected, traced, rtol=0, atol=_AGREEMENT, equal_nan=True)
