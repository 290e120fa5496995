"""Optimisers with their groups of parameters, and their state in a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from rscore.amplitude import Amplitude
from rscore.neurons import LIF
from rscore.spec import RunSpec


def make_optimizer(spec: RunSpec, module: nn.Module) -> Optimizer:
    """The spec's optimiser over all parameters of a network or an objective, in groups.

    - `weight_decay` acts on weights, normalisation and biases.
    - Amplitudes have `amplitude_weight_decay`, which is off by default: they start at 1, and a
      pull towards 0 is a pull away from the vanilla network.
    - What a neuron learns of its own, its decay, has none: the parameter is not the decay itself
      but passes through a squashing function, so that a pull to 0 would be a pull to a particular
      membrane time constant and no regularisation.
    """
    kinds = [
        (spec.amplitude_weight_decay, _own_parameters(module, Amplitude)),
        (0.0, _own_parameters(module, LIF)),
    ]
    apart = {id(parameter) for _, parameters in kinds for parameter in parameters}
    weights = [parameter for parameter in module.parameters() if id(parameter) not in apart]
    groups: list[dict[str, Any]] = [
        {"params": parameters, "weight_decay": decay}
        for decay, parameters in [(spec.weight_decay, weights), *kinds]
        if parameters
    ]
    if spec.optimizer == "sgd":
        return SGD(groups, lr=spec.lr, momentum=spec.momentum)
    family = Adam if spec.optimizer == "adam" else AdamW
    return family(groups, lr=spec.lr)


def set_learning_rate(optimizer: Optimizer, value: float) -> None:
    """Set the learning rate of every group."""
    for group in optimizer.param_groups:
        group["lr"] = value


def optimizer_tensors(optimizer: Optimizer, module: nn.Module) -> dict[str, Tensor]:
    """The optimiser's state as `<parameter>/<state>` tensors, for a checkpoint."""
    return {
        f"{name}/{key}": torch.as_tensor(value)
        for name, parameter in module.named_parameters()
        for key, value in optimizer.state[parameter].items()
        if value is not None
    }


def restore_optimizer(
    optimizer: Optimizer, module: nn.Module, tensors: Mapping[str, Tensor]
) -> None:
    """Put a checkpoint's state back, in the memory layout of the parameters."""
    parameters = dict(module.named_parameters())
    for path, value in tensors.items():
        name, _, key = path.rpartition("/")
        parameter = parameters[name]
        same_shape = value.shape == parameter.shape
        state = torch.empty_like(parameter.detach()).copy_(value) if same_shape else value
        optimizer.state[parameter][key] = state


def _own_parameters(module: nn.Module, kind: type[nn.Module]) -> list[nn.Parameter]:
    return [
        parameter
        for part in module.modules()
        if isinstance(part, kind)
        for parameter in part.parameters(recurse=False)
    ]
