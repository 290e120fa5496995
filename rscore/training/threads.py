"""How many threads a training on the CPU uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from rscore.spec import RunSpec

SMALL_CURRENTS = 2**20
"""Below so many currents in the first neuron layer, threads cost more than they bring."""


@contextmanager
def fitting_threads(spec: RunSpec, *, ranks: int = 1) -> Iterator[None]:
    """One thread for a small network, as many as the process allows for others.

    On two cores the digits preset was measured two to three times faster with one thread; and
    with one thread its result does not depend on the machine's number of cores. A batch is shared
    by `ranks` processes.
    """
    before = torch.get_num_threads()
    currents = spec.batch_size // ranks * spec.num_timesteps * spec.first_width * spec.size**2
    try:
        if currents < SMALL_CURRENTS:
            torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(before)
