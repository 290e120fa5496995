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


def seen(spec: RunSpec, images: torch.Tensor, **place: int) -> torch.Tensor:
    return augment(images, spec, **({"epoch": 0, "batch": 0} | place))


def test_flip_alone_mirrors_about_half() -> None:
    found = seen(RunSpec(augmentation="flip"), IMAGES)
    mirrored = [
        torch.equal(image, original.flip(2)) and not torch.equal(image, original)
        for image, original in zip(found, IMAGES, strict=True)
    ]
    kept = [torch.equal(image, original) for image, original in zip(found, IMAGES, strict=True)]
    assert sum(mirrored) + sum(kept) == len(IMAGES)
    assert 60 < sum(mirrored) < 140


def test_roll_shifts_cyclically_up_to_its_limit() -> None:
    found = seen(RunSpec(roll=2), IMAGES)
    shifts = set()
    for image, original in zip(found, IMAGES, strict=True):
        matches = [
            (down, right)
            for down in range(-3, 4)
            for right in range(-3, 4)
            if torch.equal(image, original.roll((down, right), (1, 2)))
        ]
        assert len(matches) == 1
        shifts.update(matches)
    assert len(shifts) == 25
    assert {abs(down) for down, _ in shifts} == {0, 1, 2}


@pytest.mark.parametrize("side", [1, 5, 6, 40])
def test_cutout_erases_one_square(side: int) -> None:
    found = seen(RunSpec(cutout=side), IMAGES)
    erased = found[:, 0] == 0
    assert torch.equal(erased, found[:, 1] == 0)
    assert torch.equal(torch.where(erased[:, None], IMAGES, found), IMAGES)
    rows, columns = erased.any(2).sum(1), erased.any(1).sum(1)
    assert torch.equal(erased.flatten(1).sum(1), rows * columns)
    assert rows.max() == columns.max() == min(side, 16)
    assert rows.min() >= min(side // 2, 16)
    assert erased.any(0).any(0).all()
    assert erased.any(0).any(1).all()


@pytest.mark.parametrize(
    "spec",
    [
        RunSpec(augmentation="crop-flip"),
        RunSpec(roll=3),
        RunSpec(cutout=6),
        RunSpec(augmentation="flip", roll=2, cutout=3),
    ],
)
def test_all_frames_of_a_recording_are_treated_alike(spec: RunSpec) -> None:
    recordings = IMAGES.view(200, 2, 1, 16, 16)
    found = seen(spec, recordings)
    assert found.shape == recordings.shape
    assert torch.equal(found.view_as(IMAGES), seen(spec, IMAGES))
    assert not torch.equal(found, recordings)


def test_the_order_is_roll_crop_flip_cutout() -> None:
    everything = {"augmentation": "crop-flip", "seed": 3}
    plain = seen(RunSpec(**everything), torch.ones(200, 1, 16, 16))
    rolled = seen(RunSpec(**everything, roll=4), torch.ones(200, 1, 16, 16))
    assert torch.equal(plain, rolled)  # a roll before the crop moves nothing that the crop hides
    cut = seen(RunSpec(**everything, cutout=4), torch.ones(200, 1, 16, 16))
    assert (cut <= plain).all()


def test_the_batch_itself_is_not_changed() -> None:
    before = IMAGES.clone()
    seen(RunSpec(augmentation="crop-flip", roll=2, cutout=4), IMAGES)
    assert torch.equal(IMAGES, before)


def test_images_need_not_be_square() -> None:
    images = torch.rand(50, 3, 8, 24)
    found = seen(RunSpec(augmentation="crop-flip", roll=3, cutout=4), images)
    assert found.shape == images.shape
