"""Batched augmentation on tensors, wherever they are: one gather per batch."""

from __future__ import annotations

import torch
from torch import Tensor

from rscore.randomness import generator
from rscore.spec import RunSpec

SHIFT_SHARE = 8
"""A crop shifts by up to 1/8 of the image's size."""


def augment(images: Tensor, spec: RunSpec, *, epoch: int, batch: int) -> Tensor:
    """One training batch, randomly shifted, mirrored, rolled and with a square cut out.

    crop shifts each sample; what that uncovers is 0, the background. flip mirrors left to right
    with probability 1/2. roll shifts cyclically by up to `spec.roll` pixels in each direction.
    cutout sets a square of side `spec.cutout` around a random pixel to 0; at the border a part of
    it is outside. They follow each other in this order: roll, crop, flip, cutout.

    All frames of a recording are treated alike. The random numbers depend on (seed, epoch, batch)
    alone and are drawn on the CPU, so that a resumed run and another device see the same images.

    Source of cutout: T. DeVries, G. Taylor, Improved Regularization of Convolutional Neural
    Networks with Cutout, 2017 (arXiv 1708.04552).

    Args:
        images: [N, C, H, W] or [N, T, C, H, W].
        spec: its fields augmentation, roll, cutout and seed.
        epoch, batch: where the training stands.

    Returns:
        A new tensor of the same shape; `images` itself when the spec asks for nothing.
    """
    if spec.augmentation == "none" and not spec.roll and not spec.cutout:
        return images
    count, (height, width) = len(images), images.shape[-2:]
    random = generator("augmentation", spec.seed, epoch, batch)
    rows, columns = (torch.arange(side).repeat(count, 1) for side in (height, width))
    if "crop" in spec.augmentation:
        rows = rows + _shifts(count, height // SHIFT_SHARE, random)
        columns = columns + _shifts(count, width // SHIFT_SHARE, random)
    if "flip" in spec.augmentation:
        mirrored = torch.rand(count, 1, generator=random) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns)
    seen = _inside(rows, height)[:, :, None] & _inside(columns, width)[:, None, :]
    if spec.roll:
        rows = rows + _shifts(count, spec.roll, random)
        columns = columns + _shifts(count, spec.roll, random)
    if spec.cutout:
        seen &= ~_squares(count, height, width, spec.cutout, random)
    return _gathered(images, rows % height, columns % width, seen)


def _shifts(count: int, most: int, random: torch.Generator) -> Tensor:
    """One shift per sample [N, 1], each of -most..most with the same probability."""
    return torch.randint(-most, most + 1, (count, 1), generator=random)


def _inside(positions: Tensor, side: int) -> Tensor:
    return (positions >= 0) & (positions < side)


def _squares(count: int, height: int, width: int, side: int, random: torch.Generator) -> Tensor:
    """[N, H, W], true in one square per sample."""
    spans = []
    for extent in (height, width):
        first = torch.randint(0, extent, (count, 1), generator=random) - side // 2
        place = torch.arange(extent)
        spans.append((place >= first) & (place < first + side))
    return spans[0][:, :, None] & spans[1][:, None, :]


def _gathered(images: Tensor, rows: Tensor, columns: Tensor, seen: Tensor) -> Tensor:
    """Pixel [rows, columns] of each sample where it is seen, 0 elsewhere.

    rows [N, H], columns [N, W], seen [N, H, W], all on the CPU.
    """
    width = images.shape[-1]
    source = (rows[:, :, None] * width + columns[:, None, :]).flatten(1)[:, None]
    flat = images.reshape(len(images), -1, source.shape[-1])
    moved = flat.gather(2, source.to(images.device).expand_as(flat))
    if not seen.all():
        moved *= seen.flatten(1)[:, None].to(images.device)
    return moved.view(images.shape)
