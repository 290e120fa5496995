"""fold(network): the walk over the traced graph that turns real-valued spikes into binary ones."""

from __future__ import annotations

import copy
from collections import Counter

import torch
from torch import Tensor, fx, nn

from rscore.errors import FoldError
from rscore.folding.net import INPUT, FoldedNet
from rscore.folding.rules import FUNCTIONS, METHODS, RULES, Step
from rscore.folding.tracing import call_name, trace_network
from rscore.folding.values import Analog, Builder, Constant, Value


def fold(network: nn.Module, example: Tensor) -> FoldedNet:
    """A new network with binary spikes that equals `network`; exact or refused, never approximate.

    Args:
        network: in eval mode; images [N, C, H, W] (or event frames [N, T, C, H, W]) to logits
            [N, K]. It is left as it is.
        example: samples that fit it, any N >= 1; only their shape matters.

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
        return _Walk(trace_network(double, example.double())).folded()


def _refuse_train_mode(network: nn.Module) -> None:
    for name, module in network.named_modules():
        if module.training:
            raise FoldError(
                name or type(network).__name__, "it is in train mode; call network.eval() first"
            )


class _Walk:
    """One pass over a traced graph in its order of execution."""

    def __init__(self, module: fx.GraphModule) -> None:
        self._module = module
        self._builder = Builder(frozenset(name for name, _ in module.named_modules()) | {INPUT})
        self._values: dict[fx.Node, Value] = {}
        self._calls: Counter[str] = Counter()

    def folded(self) -> FoldedNet:
        """The folded network."""
        for node in self._module.graph.nodes:
            if node.op == "output":
                return self._finish(node)
            self._values[node] = self._value(node)
        raise FoldError("output", "the network returns nothing")

    def _value(self, node: fx.Node) -> Value:
        if node.op == "placeholder":
            if self._values:
                raise FoldError(str(node.target), "the network must take the images alone")
            return Analog(INPUT, from_image=True)
        if "value" in node.meta:
            return Constant(node.meta["value"])
        if node.op == "call_module":
            return self._layer(node)
        return self._function(node)

    def _layer(self, node: fx.Node) -> Value:
        target = str(node.target)
        layer = self._module.get_submodule(target)
        rule = RULES.get(type(layer))
        if rule is None:
            raise FoldError(target, _no_rule(type(layer).__name__))
        if target == INPUT:
            raise FoldError(target, "the folded graph calls its input so; rename this layer")
        self._calls[target] += 1
        name = call_name(target, self._calls[target])
        return rule(Step(self._builder, node, layer, name, self._values))

    def _function(self, node: fx.Node) -> Value:
        table = METHODS if node.op == "call_method" else FUNCTIONS
        called = getattr(node.target, "__name__", str(node.target))
        name = self._builder.function_name(".".join([*_path(node), called]))
        rule = table.get(node.target)
        if rule is None:
            raise FoldError(name, _no_rule(called))
        return rule(Step(self._builder, node, self._module, name, self._values))

    def _finish(self, node: fx.Node) -> FoldedNet:
        (returned,) = node.args
        if not isinstance(returned, fx.Node):
            raise FoldError("output", "the network must return the logits alone")
        result, nodes = self._values[returned], self._builder.nodes
        if not isinstance(result, Analog) or not nodes or result.node == INPUT:
            raise FoldError("output", "the network must end in a linear read-out")
        if result.node != nodes[-1].name:
            raise FoldError("output", "the network computes more after the logits it returns")
        return FoldedNet(nodes, self._builder.ops)


def _path(node: fx.Node) -> list[str]:
    """The module in whose forward pass a function is called; nothing for the network itself."""
    stack = node.meta.get("nn_module_stack")
    path = str(list(stack.values())[-1][0]) if stack else ""
    return [path] if path else []


def _no_rule(called: str) -> str:
    return (
        f"{called} has no exact folding rule; put a neuron there, or use one of the layers that "
        "docs/guide/own_network.md lists, as torch's own class and not as a subclass"
    )
