"""Batched augmentation on tensors, wherever they are: one gather per batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from rscore.randomness import generator
from rscore.spec import RunSpec

SHIFT_SHARE = 8
"""A crop shifts by up to 1/8 of the image's size."""


def augment(images: Tensor, spec: RunSpec, *, epoch: int, batch: int) -> Tensor:
    """Randomly shifted (crop) and mirrored (flip) images of one batch, [N, C, H, W] as given.

    What a shift uncovers is 0, the background. A flip mirrors left to right, each image with
    probability 1/2. The random numbers depend on (seed, epoch, batch) alone and are drawn on the
    CPU, so that a resumed run and another device see the same images.
    """
    kind, seed = spec.augmentation, spec.seed
    if kind == "none":
        return images
    count, _, height, width = images.shape
    random = generator("augmentation", seed, epoch, batch)
    rows, top = _shifted(count, height, random)
    columns, left = _shifted(count, width, random)
    if kind == "crop-flip":
        mirrored = torch.rand(count, generator=random) < 0.5
        columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    padded = functional.pad(images, (left, left, top, top))
    which = torch.arange(count).view(-1, 1, 1)
    index = (which, rows[:, :, None], columns[:, None, :])
    gathered = padded.permute(0, 2, 3, 1)[tuple(part.to(images.device) for part in index)]
    return gathered.permute(0, 3, 1, 2).contiguous()


def _shifted(count: int, size: int, random: torch.Generator) -> tuple[Tensor, int]:
    """Source positions [N, size] in an image padded by the margin on both sides; the margin."""
    margin = size // SHIFT_SHARE
    offsets = torch.randint(0, 2 * margin + 1, (count, 1), generator=random)
    return torch.arange(size) + offsets, margin
