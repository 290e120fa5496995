"""A worker whose training and folding do nothing; all around them is as ever.

Run it with `python -m tests.support.no_op_worker`, for what scheduling itself costs.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from types import SimpleNamespace
from typing import Any

COST = {"synops": 0.0, "macs": 0.0, "energy_estimate_pj": 0.0}


def train(*_: Any, **__: Any) -> SimpleNamespace:
    """A training that is over at once."""
    return SimpleNamespace(
        stopped=None, network=None, held_out=(None, None), steps=1, epochs=1, metrics={}
    )


def finish(_spec: Any, _network: Any, _inputs: Any, _labels: Any, _outdir: Path) -> SimpleNamespace:
    """A fold without any files."""
    return SimpleNamespace(
        verdict="exact", certificate={"cost": {"after": COST}, "verdict": "exact"}, files={}
    )


def replace_training() -> None:
    """Put modules in the place of those that bring torch along."""
    for name, members in (
        ("rscore.training", {"train": train}),
        ("rscore.finish", {"finish": finish}),
        ("worker.torch_setup", {"usable_device": lambda device, _machine: device}),
    ):
        module = types.ModuleType(name)
        vars(module).update(members)
        sys.modules[name] = module


if __name__ == "__main__":
    replace_training()
    from worker.__main__ import main

    sys.exit(main())
