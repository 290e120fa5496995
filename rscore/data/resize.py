"""Images of another side than the data set's own, resized once when they are loaded."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from rscore.data.samples import Samples, TensorSamples

_CHUNK = 4096
"""Images at a time, so that their float copies stay small."""


def resized(samples: Samples, size: int) -> Samples:
    """Image tensors [N, C, H, W] as [N, C, size, size]; samples that fit already as they are.

    Bilinear with antialiasing. Bytes stay bytes, rounded to the nearest; float values stay float.
    """
    if not isinstance(samples, TensorSamples) or samples.inputs.shape[-2:] == (size, size):
        return samples
    images = samples.inputs
    parts = [_resize(part, size) for part in images.split(_CHUNK)]
    return replace(samples, inputs=torch.cat(parts) if parts else images)


def _resize(images: Tensor, size: int) -> Tensor:
    values = functional.interpolate(
        images.float(), (size, size), mode="bilinear", antialias=True, align_corners=False
    )
    return values if images.is_floating_point() else values.round_().clamp_(0, 255).to(images.dtype)
