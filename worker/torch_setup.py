"""Torch in a pool child: loaded here first, with its share of the cores."""

from __future__ import annotations

import torch

from worker.failures import DeviceMissingError
from worker.machine import Machine


def usable_device(device: str, machine: Machine) -> str:
    """The device to train on: the slot's own, or the CPU when auto finds no working CUDA.

    Raises:
        DeviceMissingError: a GPU was asked for by name and torch cannot use it.
    """
    torch.set_num_threads(machine.threads)
    if not device.startswith("cuda") or torch.cuda.is_available():
        return device
    if machine.device == "auto":
        return "cpu"
    raise DeviceMissingError(
        f"torch {torch.__version__} cannot use {device} on {machine.host}; install its driver "
        "and a CUDA build of torch, or set REALSPIKE_DEVICE=cpu"
    )
