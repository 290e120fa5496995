from __future__ import annotations

import numpy as np
import pytest

from server.serving.errors import InputError
from server.serving.inputs import to_array

SHAPE = (1, 2, 3)
GOOD = [[[0.0, 0.5, 1.0], [0.0, 0.0, 0.0]]]


def test_images_become_one_float32_array() -> None:
    array = to_array([GOOD, GOOD], SHAPE)

    assert array.shape == (2, 1, 2, 3)
    assert array.dtype == np.float32
    assert array[1, 0, 0, 1] == 0.5


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
