"""Finds a network's graph: torch.fx with spiking layers as leaves, and every sample's shape."""

from __future__ import annotations

from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from rscore.amplitude import Amplitude
from rscore.errors import FoldError
from rscore.networks.layers import Connect, FlattenTime, Normalize, RepeatTime, TimeMean
from rscore.neurons import LIF

_LEAVES = (LIF, Amplitude, Connect, FlattenTime, Normalize, RepeatTime, TimeMean)


class _SpikingTracer(fx.Tracer):
    """Keeps torch's own modules and the spiking ones whole."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """True for a module that is one node of the graph."""
        return isinstance(m, _LEAVES) or super().is_leaf_module(m, module_qualified_name)


def trace_network(network: nn.Module, example: Tensor) -> fx.GraphModule:
    """The graph of a network, each node with its output's shape in meta["tensor_meta"].

    Args:
        network: in eval mode.
        example: images [N, C, H, W] that fit it, in its dtype.

    Raises:
        FoldError: if the forward pass cannot be traced (data-dependent control flow).
    """
    tracer = _SpikingTracer()
    try:
        graph = tracer.trace(network)
    except (fx.proxy.TraceError, TypeError, ValueError) as error:
        raise FoldError(
            type(network).__name__, f"its forward pass cannot be traced ({error})"
        ) from error
    module = fx.GraphModule(tracer.root, graph)
    ShapeProp(module).propagate(example)
    return module


def sample_shape(node: fx.Node) -> tuple[int, ...]:
    """Shape of one sample of a node's output, batch left out."""
    return tuple(node.meta["tensor_meta"].shape[1:])
