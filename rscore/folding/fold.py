"""fold(network): the walk over the traced graph that turns real-valued spikes into binary ones."""

from __future__ import annotations

import copy
import operator
from collections.abc import Iterator

import torch
from torch import Tensor, fx, nn

from rscore.errors import FoldError
from rscore.folding.net import INPUT, FoldedNet
from rscore.folding.rules import RULES, Rule, Step, add, flatten, multiply
from rscore.folding.tracing import trace_network
from rscore.folding.values import Analog, Builder, Value
from rscore.neurons import LIF

_FUNCTIONS: dict[object, Rule] = {
    operator.add: add,
    operator.iadd: add,
    torch.add: add,
    operator.mul: multiply,
    operator.imul: multiply,
    torch.mul: multiply,
    torch.flatten: flatten,
}
_METHODS: dict[object, Rule] = {"add": add, "mul": multiply, "flatten": flatten}


def fold(network: nn.Module, example: Tensor) -> FoldedNet:
    """A new network with binary spikes that equals `network`; exact or refused, never approximate.

    Args:
        network: in eval mode; images [N, C, H, W] to logits [N, K]. It is left as it is.
        example: images [N, C, H, W] that fit it, any N >= 1; only their shape matters.

    Returns:
        The folded network in float64 (cast it with `.float()`), unshared kernels factored.

    Raises:
        FoldError: naming the layer and the reason.

    Source: Guo et al., Real Spike, ECCV 2022 (arXiv 2210.06686), re-parameterisation; the cases
    and their conditions are in docs/method.md.
    """
    _refuse_train_mode(network)
    double = copy.deepcopy(network).double()
    with torch.no_grad():
        module = trace_network(double, example.double())
        builder = Builder()
        values: dict[fx.Node, Value] = {}
        for node in module.graph.nodes:
            if node.op == "output":
                return _finish(builder, _result(node, values))
            values[node] = _fold_node(builder, module, node, values)
    raise FoldError(type(network).__name__, "its graph has no output")


def _refuse_train_mode(network: nn.Module) -> None:
    for name, module in network.named_modules():
        if module.training:
            raise FoldError(
                name or type(network).__name__, "it is in train mode; call network.eval() first"
            )


def _fold_node(
    builder: Builder, module: fx.GraphModule, node: fx.Node, values: dict[fx.Node, Value]
) -> Value:
    if node.op == "placeholder":
        if values:
            raise FoldError(str(node.target), "the network must take the images alone")
        return Analog(INPUT, from_image=True)
    inputs = tuple(values[parent] for parent in _parents(node))
    if node.op == "call_module":
        layer = module.get_submodule(str(node.target))
        rule = RULES.get(type(layer))
        if rule is None:
            raise FoldError(str(node.target), f"{type(layer).__name__} has no exact folding rule")
        name = builder.fresh_name(str(node.target))
        if isinstance(layer, LIF) and name != node.target:
            raise FoldError(
                str(node.target), "this neuron layer is called twice; give each call its own layer"
            )
        return rule(Step(builder, node, layer, name, inputs))
    table = _METHODS if node.op == "call_method" else _FUNCTIONS
    function = table.get(node.target)
    if function is None or (function is flatten and tuple(node.args[1:]) not in ((1,), (1, -1))):
        raise FoldError(node.name, f"{_called(node)} has no exact folding rule")
    return function(Step(builder, node, module, node.name, inputs))


def _parents(node: fx.Node) -> Iterator[fx.Node]:
    """Nodes among the arguments; x + x names its parent twice."""
    return (argument for argument in node.args if isinstance(argument, fx.Node))


def _called(node: fx.Node) -> str:
    return getattr(node.target, "__name__", str(node.target))


def _result(node: fx.Node, values: dict[fx.Node, Value]) -> Value:
    (returned,) = node.args
    if not isinstance(returned, fx.Node):
        raise FoldError("output", "the network must return the logits alone")
    return values[returned]


def _finish(builder: Builder, result: Value) -> FoldedNet:
    if not isinstance(result, Analog) or result.node != builder.nodes[-1].name:
        raise FoldError("output", "the network must end in a linear read-out")
    return FoldedNet(builder.nodes, builder.ops)
