"""Frames of large event data sets, kept beside the data so that they are made once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rscore.data.recordings import Recordings, count_frames
from rscore.spec import RunSpec

if TYPE_CHECKING:
    from torch import Tensor

    from rscore.data.samples import Dataset, TensorSamples

FOLDER = ".frames"
LEAST_BYTES = 256 * 2**20
"""Recordings that are larger than this in all take from half a minute to minutes to read."""


def load(splits: tuple[Recordings, Recordings], spec: RunSpec, folder: Path) -> Dataset:
    """Both splits as samples [N, T, 2, S, S] of event counts, cut to what the spec asks for."""
    from rscore.data.samples import Dataset

    train, test = splits
    return Dataset(
        _samples(train, spec, spec.train_samples, folder),
        _samples(test, spec, spec.test_samples, folder),
    )


def _samples(
    recordings: Recordings, spec: RunSpec, limit: int | None, folder: Path
) -> TensorSamples:
    import torch

    from rscore.data.samples import TensorSamples

    labels = torch.tensor(recordings.labels[:limit], dtype=torch.int64)
    if recordings.bytes < LEAST_BYTES:
        return TensorSamples(count_frames(recordings, spec, len(labels)), labels)
    return TensorSamples(cached_frames(recordings, spec, len(labels), folder / FOLDER), labels)


def cached_frames(recordings: Recordings, spec: RunSpec, count: int, folder: Path) -> Tensor:
    """`count_frames`, from a file in `folder` when the same was asked for before.

    The file's name stands for the recordings and for every setting that frames depend on. It
    appears whole or not at all. Where it cannot be written, frames are made anew each time.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file, save_file

    path = folder / f"{_key(recordings, spec, count)}.safetensors"
    with contextlib.suppress(OSError, SafetensorError, KeyError):
        return load_file(path)["frames"]
    frames = count_frames(recordings, spec, count)
    beside = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError, SafetensorError):
        folder.mkdir(exist_ok=True)
        try:
            save_file({"frames": frames}, beside)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    return frames


def _key(recordings: Recordings, spec: RunSpec, count: int) -> str:
    settings = [
        recordings.stamp(),
        spec.dataset,
        spec.num_timesteps,
        spec.event_slicing,
        spec.size,
        count,
    ]
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:32]
