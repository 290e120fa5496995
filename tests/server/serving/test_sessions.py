from __future__ import annotations

import numpy as np
import pytest

from server.serving.errors import ModelFileError
from server.serving.sessions import ModelSessions, softmax
from tests.server.onnx_files import linear_model

IMAGES = np.ones((3, 1, 2, 2), dtype=np.float32)


def never() -> bytes:
    raise AssertionError("the session is cached, so its file must not be read")


def test_probabilities_are_the_softmax_of_the_logits() -> None:
    weights = np.arange(8, dtype=np.float32).reshape(4, 2)

    found = ModelSessions().predict("a", lambda: linear_model(weights), IMAGES)

    logits = IMAGES.reshape(3, 4) @ weights
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.probabilities, expected, rtol=1e-6)
    assert found.spikes == {}


def test_spikes_are_counted_where_the_file_counts_them() -> None:
    weights = np.eye(4, 2, dtype=np.float32)
    images = np.zeros((2, 1, 2, 2), dtype=np.float32)
    images[1, 0, 0] = 0.5

    found = ModelSessions().predict("a", lambda: linear_model(weights, counted="conv1"), images)

    assert found.spikes == {"conv1": [0, 2]}
    assert found.probabilities.shape == (2, 2)


def test_softmax_survives_large_logits() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e4, 0.0], [0.0, 0.0]])), [[1, 0], [0.5, 0.5]])


def test_the_least_recently_used_session_goes() -> None:
    sessions = ModelSessions(capacity=2)
    content = linear_model(np.zeros((4, 2), dtype=np.float32))
    for key in ("a", "b", "a", "c"):
        sessions.predict(key, lambda: content, IMAGES)

    sessions.predict("a", never, IMAGES)
    sessions.predict("c", never, IMAGES)
    with pytest.raises(AssertionError, match="must not be read"):
        sessions.predict("b", never, IMAGES)


def test_a_file_that_is_no_model_is_an_error_of_the_model() -> None:
    with pytest.raises(ModelFileError, match="does not load"):
        ModelSessions().predict("a", lambda: b"not a model", IMAGES)


def test_images_that_the_graph_refuses_are_an_error_of_the_model() -> None:
    content = linear_model(np.zeros((9, 2), dtype=np.float32))

    with pytest.raises(ModelFileError, match="did not run"):
        ModelSessions().predict("a", lambda: content, IMAGES)
