"""Sums of spikes: streams of one scale are counted together, the others stay apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from rscore.folding.ops import Add
from rscore.folding.rules.step import Step
from rscore.folding.values import Spikes, Streams, summed

MOST_STREAMS = 16
"""Differently scaled spikes in one sum; each costs a kernel in every layer behind it."""


def sum_of_spikes(step: Step, parts: Sequence[Spikes]) -> Spikes | Streams:
    """`Σ a_k . s_k`; those that owe the same scale are added first, as counts."""
    kept: list[Spikes] = []
    for part in parts:
        twin = next((i for i, one in enumerate(kept) if _same_debt(one, part)), None)
        if twin is None:
            kept.append(part)
            continue
        node = step.builder.add(f"{step.name}.count", Add(), kept[twin].node, part.node)
        kept[twin] = replace(kept[twin], node=node)
    if len(kept) > MOST_STREAMS:
        step.refuse(
            f"{len(kept)} differently scaled spikes are summed here, over the limit of "
            f"{MOST_STREAMS}; use one amplitude behind the sum instead"
        )
    return summed(kept)


def _same_debt(one: Spikes, two: Spikes) -> bool:
    if (one.shape, one.pool, one.flat) != (two.shape, two.pool, two.flat):
        return False
    if one.scale is None or two.scale is None:
        return one.scale is two.scale
    return one.scale.shape == two.scale.shape and torch.equal(one.scale, two.scale)
