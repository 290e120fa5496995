"""Metrics that a run of this service measures, so that a study's can be checked beforehand."""

from __future__ import annotations

METRICS: tuple[str, ...] = (
    "test_acc",
    "test_loss",
    "train_acc",
    "train_loss",
    "batch_loss",
    "lr",
    "epoch_seconds",
    "firing_rate",
    "synops",
    "macs",
    "energy_estimate_pj",
)
OF_A_LAYER: tuple[str, ...] = ("firing_rate/", "amplitude_mean/", "amplitude_std/")
"""Followed by the name of a layer."""
AT_THE_END: tuple[str, ...] = ("synops", "macs", "energy_estimate_pj")
"""Measured once, of the folded network."""


def is_measured(name: str) -> bool:
    """True for a metric that every training has, or may have."""
    return name in METRICS or name.startswith(OF_A_LAYER)
