from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from server.serving.errors import InputError
from server.serving.inputs import to_array

SHAPE = (1, 2, 3)
EVENTS = (2, 2, 1, 1)
GOOD = [[[0.0, 0.5, 1.0], [0.0, 0.0, 0.0]]]


def test_images_become_one_float32_array() -> None:
    array = to_array([GOOD, GOOD], SHAPE)

    assert array.shape == (2, 1, 2, 3)
    assert array.dtype == np.float32
    assert array[1, 0, 0, 1] == 0.5


def test_frames_of_event_counts() -> None:
    array = to_array([[[[[0]], [[300]]], [[[1]], [[32767]]]]], EVENTS)

    assert array.shape == (1, 2, 2, 1, 1)
    assert array.flatten().tolist() == [0, 300, 1, 32767]


@pytest.mark.parametrize(
    ("frames", "path", "message"),
    [
        ([[[[0]], [[1]]]], "inputs.0", "1 frames, this model needs 2"),
        ([[[[0]], [[1]]], [[[0]], [[-1]]]], "inputs.0.1.1.0.0", "count -1 is outside [0, 32767]"),
        ([[[[0]], [[1]]], [[[1e9]], [[1]]]], "inputs.0.1.0.0.0", "count 1e+09 is outside"),
        ([[[0]], [[0]]], "inputs.0.0", "1 channels, this model needs 2"),
    ],
)
def test_the_first_wrong_place_of_frames(frames: list[Any], path: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        to_array([frames], EVENTS)

    assert caught.value.path == path
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("row", "path", "message"),
    [
        ([0.0, "dark", 0.0], "inputs.0.0.1.1", "is no number"),
        ([0.0, 0.0, {}], "inputs.0.0.1.2", "is no number"),
        ([[0.0], [0.0], [0.0]], "inputs.0.0.1.0", "is no number"),
        ([0.0, 10**400, 0.0], "inputs.0.0.1.1", "is no number"),
        ([None, 0.0, 0.0], "inputs.0.0.1.0", "nan is outside"),
        ("abc", "inputs.0.0.1", "is no list of pixels"),
        (0.5, "inputs.0.0.1", "is no list of pixels"),
    ],
)
def test_what_is_no_number_is_named(row: Any, path: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        to_array([[[[0.0, 0.0, 0.0], row]]], SHAPE)

    assert caught.value.path == path
    assert message in caught.value.message


def test_lists_one_deeper_than_the_model_takes() -> None:
    with pytest.raises(InputError, match=r"inputs\.0\.0\.0\.0: is no number"):
        to_array([[[[[0.0]] * 3] * 2]], SHAPE)


@pytest.mark.parametrize(
    ("image", "path", "message"),
    [
        ([], "inputs.1", "0 channels, this model needs 1"),
        ([[[0.0, 0.0, 0.0]]], "inputs.1.0", "1 rows, this model needs 2"),
        ([[[0.0, 0.0, 0.0], [0.0]]], "inputs.1.0.1", "1 pixels, this model needs 3"),
        ([[[0.0, 0.0, 255.0], [0.0, 0.0, 0.0]]], "inputs.1.0.0.2", "255 is outside [0, 1]"),
        ([[[0.0, 0.0, float("nan")], [0.0] * 3]], "inputs.1.0.0.2", "nan is outside [0, 1]"),
    ],
)
def test_the_first_wrong_place_is_named(
    image: list[list[list[float]]], path: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        to_array([GOOD, image], SHAPE)

    assert caught.value.path == path
    assert message in caught.value.message
