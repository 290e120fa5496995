"""Optimisers and learning-rate schedules, each a pure function of the spec and the step."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from rscore.amplitude import Amplitude
from rscore.spec import RunSpec

_WARM_UP = 0.3
_START_DIVISOR = 25.0
_END_DIVISOR = 1e4


def make_optimizer(spec: RunSpec, network: nn.Module) -> Optimizer:
    """The spec's optimiser over a network; amplitudes have a group and a weight decay of their own.

    `weight_decay` acts on every other parameter, normalisation and biases included.
    """
    amplitudes = [
        parameter
        for module in network.modules()
        if isinstance(module, Amplitude)
        for parameter in module.parameters()
    ]
    apart = {id(parameter) for parameter in amplitudes}
    weights = [parameter for parameter in network.parameters() if id(parameter) not in apart]
    groups = [{"params": weights, "weight_decay": spec.weight_decay}]
    if amplitudes:
        groups.append({"params": amplitudes, "weight_decay": spec.amplitude_weight_decay})
    if spec.optimizer == "sgd":
        return SGD(groups, lr=spec.lr, momentum=spec.momentum)
    family = Adam if spec.optimizer == "adam" else AdamW
    return family(groups, lr=spec.lr)


def learning_rate(spec: RunSpec, step: int, steps: int) -> float:
    """Learning rate of optimiser step `step` (0-based) of `steps`.

    constant: lr. cosine: lr * (1 + cos(pi * step / steps)) / 2. one-cycle: half a cosine from
    lr/25 up to lr over the first 30 % of the steps, then half a cosine down to lr/250,000.

    Source of one-cycle: L. Smith, N. Topin, Super-Convergence, 2018 (arXiv 1708.07120); the
    momentum stays as it is.
    """
    if spec.schedule == "constant":
        return spec.lr
    if spec.schedule == "cosine":
        return _half_cosine(spec.lr, 0.0, step / steps)
    start = spec.lr / _START_DIVISOR
    peak = _WARM_UP * steps - 1
    if step < peak:
        return _half_cosine(start, spec.lr, step / peak)
    return _half_cosine(spec.lr, start / _END_DIVISOR, (step - peak) / max(steps - 1 - peak, 1))


def set_learning_rate(optimizer: Optimizer, value: float) -> None:
    """Set the learning rate of every group."""
    for group in optimizer.param_groups:
        group["lr"] = value


def optimizer_tensors(optimizer: Optimizer, network: nn.Module) -> dict[str, Tensor]:
    """The optimiser's state as `<parameter>/<state>` tensors, for a checkpoint."""
    return {
        f"{name}/{key}": torch.as_tensor(value)
        for name, parameter in network.named_parameters()
        for key, value in optimizer.state[parameter].items()
        if value is not None
    }


def restore_optimizer(
    optimizer: Optimizer, network: nn.Module, tensors: Mapping[str, Tensor]
) -> None:
    """Put a checkpoint's state back, in the memory layout of the parameters."""
    parameters = dict(network.named_parameters())
    for path, value in tensors.items():
        name, _, key = path.rpartition("/")
        parameter = parameters[name]
        same_shape = value.shape == parameter.shape
        state = torch.empty_like(parameter.detach()).copy_(value) if same_shape else value
        optimizer.state[parameter][key] = state


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
