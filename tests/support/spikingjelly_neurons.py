"""Neuron layers of SpikingJelly and ours on the same currents; differences as JSON.

Runs in the environment of the benchmarks' peers: `python -m tests.support.spikingjelly_neurons`.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import torch
from spikingjelly.activation_based import neuron, surrogate
from torch import Tensor, nn

from rscore.neurons import LIF

WIDTH, STEPS = 1.25, 4
SURROGATES = {
    "rectangle": surrogate.Rect(alpha=1 / WIDTH),
    "triangle": surrogate.PiecewiseQuadratic(alpha=1 / WIDTH),
    "sigmoid": surrogate.Sigmoid(alpha=4 / WIDTH),
    "atan": surrogate.ATan(alpha=2 / WIDTH),
    "fast-sigmoid": surrogate.SoftSign(alpha=2 / WIDTH),
    "tanh": surrogate.Sigmoid(alpha=4 / WIDTH),  # the same curve
}


def theirs(decay: float, v_threshold: float, name: str, reset: str, *, detach: bool) -> nn.Module:
    """SpikingJelly's layer: v + x - (v - v_reset) / tau, tau = 4/3 for a decay of 0.25."""
    shared: dict[str, Any] = {
        "v_threshold": v_threshold,
        "v_reset": 0.0 if reset == "hard" else None,
        "surrogate_function": SURROGATES[name],
        "detach_reset": detach,
        "step_mode": "m",
    }
    if decay == 1:
        return neuron.IFNode(**shared)
    return neuron.LIFNode(tau=1 / (1 - decay), decay_input=False, **shared)


def run(layer: nn.Module, currents: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Spikes and the gradient of the currents."""
    leaf = currents.clone().requires_grad_()
    spikes = layer(leaf)
    (spikes * weights).sum().backward()
    assert leaf.grad is not None
    return spikes.detach(), leaf.grad


def main() -> None:
    """All surrogates and resets, with and without the reset in the gradient, LIF and IF."""
    random = torch.Generator().manual_seed(0)
    currents, weights = torch.randn(2, STEPS, 3, 5, 4, 4, dtype=torch.float64, generator=random)
    rows = []
    for (decay, v_threshold), name, reset, detach in itertools.product(
        [(0.25, 0.5), (1.0, 0.8)], SURROGATES, ["hard", "soft"], [False, True]
    ):
        ours: Any = LIF(
            num_timesteps=STEPS,
            decay=decay,
            v_threshold=v_threshold,
            surrogate=name,  # type: ignore[arg-type]
            surrogate_width=WIDTH,
            reset=reset,  # type: ignore[arg-type]
            detach_reset=detach,
        )
        flat = run(ours, currents.flatten(0, 1), weights.flatten(0, 1))
        peer = run(theirs(decay, v_threshold, name, reset, detach=detach), currents, weights)
        spikes, grads = (x.view_as(currents) for x in flat)
        rows.append(
            {
                "case": f"decay {decay}, {name}, {reset} reset, detach_reset {detach}",
                "spikes": peer[0].mean().item(),
                "flips": (spikes != peer[0]).sum().item(),
                "gradient": peer[1].abs().max().item(),
                "gradient_error": (grads - peer[1]).abs().max().item(),
            }
        )
    print(json.dumps(rows))  # noqa: T201


if __name__ == "__main__":
    main()
