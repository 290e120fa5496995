"""FolderSamples: image files that do not fit into memory, decoded by threads as they are needed.

Threads and not processes, because a worker's training runs in a process that may not have
children of its own; Pillow decodes without holding the interpreter's lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from rscore.errors import DatasetCorruptError

BATCHES_AHEAD = 2
"""Batches that are being decoded while one is used."""
CROP_SHARE = 7 / 8
"""Side of the middle square that is kept, as a share of the resized image's shorter side."""


@dataclass(frozen=True, slots=True)
class FolderSamples:
    """Samples in image files; inputs [n, 3, size, size] in [0, 1], labels [n] int64.

    Which samples a batch holds, and their order, do not depend on the threads.
    """

    paths: tuple[Path, ...]
    labels: Tensor
    """[N] int64, on the device that gets the batches."""
    size: int

    def __len__(self) -> int:
        return len(self.paths)

    def batches(self, chosen: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches in order, each decoded while those before it are used.

        Raises:
            DatasetCorruptError: that names a file which is no whole image.
        """
        device = self.labels.device
        with ThreadPoolExecutor(torch.get_num_threads(), "decode") as pool:
            waiting: deque[list[Future[Tensor]]] = deque()
            left = iter(chosen)
            try:
                for index in chosen:
                    for ahead in islice(left, 1 + BATCHES_AHEAD - len(waiting)):
                        waiting.append(self._submit(pool, ahead))
                    images = torch.stack([image.result() for image in waiting.popleft()])
                    yield _floats(images, device), self.labels[index.to(device)]
            finally:
                for image in (image for batch in waiting for image in batch):
                    image.cancel()

    def head(self, count: int) -> tuple[Tensor, Tensor]:
        """The first samples on the CPU."""
        on_cpu = self.first(count).to(torch.device("cpu"))
        return next(on_cpu.batches([torch.arange(len(on_cpu))]))

    def first(self, count: int | None) -> FolderSamples:
        """The split cut to its first samples."""
        return replace(self, paths=self.paths[:count], labels=self.labels[:count])

    def to(self, device: torch.device) -> FolderSamples:
        """The same samples, given on another device."""
        return replace(self, labels=self.labels.to(device))

    def _submit(self, pool: ThreadPoolExecutor, index: Tensor) -> list[Future[Tensor]]:
        return [pool.submit(decode, self.paths[i], self.size) for i in index.tolist()]


def decode(path: Path, size: int) -> Tensor:
    """An image file as uint8 [3, size, size]: its middle square, resized with antialiasing.

    The shorter side is resized to size * 8/7 (224 gives 256) and the middle is kept.

    Raises:
        DatasetCorruptError: that names a file which is no whole image.
    """
    try:
        with Image.open(path) as image:
            side = round(size / CROP_SHARE)
            image.draft("RGB", (side, side))  # a JPEG may be decoded at half size and below
            pixels = np.asarray(_middle(image.convert("RGB"), size))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DatasetCorruptError(
            f"{path} is no whole image: {error}; put the original there, or delete it"
        ) from error
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def _middle(image: Image.Image, size: int) -> Image.Image:
    kept = min(image.size) * CROP_SHARE
    left, top = ((side - kept) / 2 for side in image.size)
    box = (left, top, left + kept, top + kept)
    return image.resize((size, size), Image.Resampling.BILINEAR, box=box)


def _floats(images: Tensor, device: torch.device) -> Tensor:
    if device.type == "cuda":
        images = images.pin_memory()
    return images.to(device, non_blocking=True).float() / 255
