from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rscore import data
from rscore.data import imagenet
from rscore.data.folder_samples import FolderSamples, decode
from rscore.errors import DatasetCorruptError, DatasetMissingError
from rscore.spec import RunSpec

SPEC = RunSpec(dataset="imagenet", image_size=16)


def save(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes with 3, 2 and 1 training images, whose red channel counts them."""
    place = tmp_path / "imagenet"
    number = 0
    for name, count in (("n03", 1), ("n01", 3), ("n02", 2)):
        for index in range(count):
            number += 1
            save(place / "train" / name / f"{name}_{index}.png", (number * 10, 0, 0))
        save(place / "val" / name / f"{name}_val.png", (0, 0, 200))
    return tmp_path


def test_labels_are_sorted_names_and_classes_take_turns(folder: Path) -> None:
    loaded = data.load(SPEC, folder)
    assert isinstance(loaded.train, FolderSamples)
    images, labels = loaded.train.head(100)
    assert images.shape == (6, 3, 16, 16)
    assert labels.tolist() == [0, 1, 2, 0, 1, 0]
    assert (images[:, 0, 8, 8] * 255).round().tolist() == [20, 50, 10, 30, 60, 40]
    assert loaded.test.head(2)[1].tolist() == [0, 1]
    assert len(data.load(SPEC.model_copy(update={"train_samples": 2}), folder).train) == 2


def test_batches_come_in_the_order_that_was_chosen(folder: Path) -> None:
    train = data.load(SPEC, folder).train
    chosen = [torch.tensor([5, 0]), torch.tensor([3]), torch.tensor([1, 2, 4]), torch.tensor([0])]
    everything = train.head(6)
    found = list(train.batches(chosen))
    assert len(found) == len(chosen)
    for (images, labels), index in zip(found, chosen, strict=True):
        assert torch.equal(images, everything[0][index])
        assert torch.equal(labels, everything[1][index])


def test_batches_may_be_left_unfinished(folder: Path) -> None:
    batches = data.load(SPEC, folder).train.batches([torch.tensor([0])] * 50)
    next(batches)
    batches.close()  # type: ignore[attr-defined]


def test_the_middle_of_an_image_is_kept(tmp_path: Path) -> None:
    wide = np.zeros((64, 128, 3), np.uint8)
    wide[:, 32:96] = 255
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert (decode(tmp_path / "wide.png", 16) == 255).all()
    Image.fromarray(wide[:, :, 0]).save(tmp_path / "grey.jpeg")
    assert decode(tmp_path / "grey.jpeg", 16).shape == (3, 16, 16)
    assert decode(tmp_path / "grey.jpeg", 16).dtype == torch.uint8


def test_an_image_is_shrunk_smoothly(tmp_path: Path) -> None:
    board = np.indices((256, 256)).sum(0) % 2 * 255
    Image.fromarray(board.astype(np.uint8)).save(tmp_path / "board.png")
    found = decode(tmp_path / "board.png", 28).float()
    assert (found - 127.5).abs().max() < 12


def test_a_file_that_is_no_image_is_named(folder: Path) -> None:
    path = folder / "imagenet" / "train" / "n01" / "n01_1.png"
    path.write_bytes(path.read_bytes()[:60])
    train = data.load(SPEC, folder).train
    with pytest.raises(DatasetCorruptError, match=rf"{path} is no whole image"):
        train.head(100)


def test_an_unknown_class_in_val_is_named(folder: Path) -> None:
    save(folder / "imagenet" / "val" / "n99" / "a.png", (0, 0, 0))
    with pytest.raises(DatasetCorruptError, match="classes that train/ lacks: n99"):
        data.load(SPEC, folder)


def test_a_split_without_images_is_refused(tmp_path: Path) -> None:
    for part in ("train", "val"):
        (tmp_path / "imagenet" / part / "n01").mkdir(parents=True)
    with pytest.raises(DatasetCorruptError, match="train holds no image"):
        data.load(SPEC, tmp_path)


def test_it_says_where_to_put_the_folders(tmp_path: Path) -> None:
    for ask in (lambda: data.load(SPEC, tmp_path), lambda: data.fetch("imagenet", tmp_path)):
        with pytest.raises(DatasetMissingError, match=r"image-net\.org") as raised:
            ask()
        assert str(tmp_path / "imagenet") in str(raised.value)


def test_without_pillow_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert data.missing("imagenet", folder) is None
    monkeypatch.setattr(imagenet.importlib.util, "find_spec", lambda name: None)
    remedy = data.missing("imagenet", folder)
    assert remedy is not None
    assert "pip install 'realspike[worker]'" in remedy
    with pytest.raises(DatasetMissingError, match="Pillow"):
        data.load(SPEC, folder)
