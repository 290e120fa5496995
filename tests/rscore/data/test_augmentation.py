from __future__ import annotations

import pytest
import torch

from rscore.data.augmentation import augment
from rscore.spec import RunSpec

IMAGES = torch.rand(200, 2, 16, 16, generator=torch.Generator().manual_seed(0)) + 0.1


def test_none_gives_the_same_tensor() -> None:
    assert augment(IMAGES, RunSpec(), epoch=0, batch=0) is IMAGES


def shifted(image: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """The image moved by some pixels, with 0 where it was."""
    moved = torch.zeros_like(image)
    height, width = image.shape[-2:]
    rows = slice(max(down, 0), min(height, height + down))
    columns = slice(max(right, 0), min(width, width + right))
    source_rows = slice(max(-down, 0), min(height, height - down))
    source_columns = slice(max(-right, 0), min(width, width - right))
    moved[:, rows, columns] = image[:, source_rows, source_columns]
    return moved


@pytest.mark.parametrize(("kind", "flips"), [("crop", False), ("crop-flip", True)])
def test_every_image_is_a_shift_by_at_most_an_eighth(kind: str, *, flips: bool) -> None:
    found = augment(IMAGES, RunSpec(augmentation=kind), epoch=0, batch=0)
    assert found.shape == IMAGES.shape
    assert found.is_contiguous()
    seen = set()
    for image, original in zip(found, IMAGES, strict=True):
        matches = [
            (down, right, mirrored)
            for down in range(-2, 3)
            for right in range(-2, 3)
            for mirrored in ((False, True) if flips else (False,))
            if torch.equal(image, shifted(original.flip(2) if mirrored else original, down, right))
        ]
        assert len(matches) == 1
        seen.update(matches)
    assert {down for down, _, _ in seen} == {right for _, right, _ in seen} == set(range(-2, 3))
    assert {mirrored for _, _, mirrored in seen} == ({False, True} if flips else {False})


def test_depends_on_seed_epoch_and_batch_alone() -> None:
    def at(seed: int, epoch: int, batch: int) -> torch.Tensor:
        return augment(
            IMAGES, RunSpec(augmentation="crop-flip", seed=seed), epoch=epoch, batch=batch
        )

    first = at(1, 2, 3)
    state = torch.get_rng_state()
    assert torch.equal(at(1, 2, 3), first)
    assert torch.equal(torch.get_rng_state(), state)
    for position in ((0, 2, 3), (1, 0, 3), (1, 2, 0), (3, 2, 1), (12, 3, 0)):
        assert not torch.equal(at(*position), first)
