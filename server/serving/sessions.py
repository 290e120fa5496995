"""ONNX Runtime sessions, the last few kept by the SHA-256 of their file."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.serving.errors import ModelFileError

INPUT_NAME = "images"
LOGITS = "logits"
SPIKES = "spikes/"
"""An output spikes/<layer> counts the spikes that each sample causes in a layer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a folded network says of N samples."""

    probabilities: NDArray[np.float64]
    """[N, K], the softmax of the logits."""
    spikes: dict[str, list[int]]
    """Neuron layer to the spikes of each sample; empty when the file does not count them."""


class ModelSessions:
    """A small least-recently-used cache; one session serves many threads at once."""

    def __init__(self, *, capacity: int = 8, threads: int = 1) -> None:
        self._capacity = capacity
        self._threads = threads
        self._sessions: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    def predict(
        self, sha256: str, read: Callable[[], bytes], samples: NDArray[np.float32]
    ) -> Answer:
        """Run a model; `read` gives the file when its session is not cached."""
        session = self._session(sha256, read)
        counted = [
            output.name for output in session.get_outputs() if output.name.startswith(SPIKES)
        ]
        try:
            logits, *counts = session.run([LOGITS, *counted], {INPUT_NAME: samples})
        except Exception as error:  # ONNX Runtime's errors have no common parent
            raise ModelFileError(f"the stored model did not run: {error}") from error
        return Answer(
            softmax(np.asarray(logits, dtype=np.float64)),
            {
                name.removeprefix(SPIKES): count.tolist()
                for name, count in zip(counted, counts, strict=True)
            },
        )

    def _session(self, sha256: str, read: Callable[[], bytes]) -> Any:
        with self._lock:
            if sha256 in self._sessions:
                self._sessions.move_to_end(sha256)
                return self._sessions[sha256]
        session = self._load(read())
        with self._lock:
            self._sessions[sha256] = session
            while len(self._sessions) > self._capacity:
                self._sessions.popitem(last=False)
        return session

    def _load(self, content: bytes) -> Any:
        import onnxruntime  # here, because most server processes never serve a model

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's errors have no common parent
            raise ModelFileError(f"the stored model does not load: {error}") from error


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows [N, K] to probabilities that sum to one, safe for large logits."""
    powers: NDArray[np.float64] = np.exp(logits - logits.max(axis=1, keepdims=True))
    total: NDArray[np.float64] = powers.sum(axis=1, keepdims=True)
    return powers / total
