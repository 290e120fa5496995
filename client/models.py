"""Folded models over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from client.downloads import Wanted, download
from client.errors import InputError
from client.ids import found
from client.transport import Transport
from client.wire import (
    Certificate,
    Model,
    ModelFile,
    ModelPage,
    Prediction,
    Predictions,
    Sample,
    Samples,
)

PAGE = 200
BATCH = 256
"""Most samples of one request."""
BATCH_VALUES = 1_000_000
"""Numbers of one request; more of them do not fit into the body that the service takes."""


class Models:
    """Read, download and try folded models."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def get(self, model_id: str) -> Model:
        """A folded model with its files."""
        return cast(Model, self._http.json("GET", f"/models/{model_id}"))

    def find(self, short: str) -> Model:
        """The model of an id or of a unique part of one, among the newest 200."""
        return found(
            "model",
            short,
            self.get,
            lambda: [model["id"] for model in self.page(limit=PAGE)["items"]],
        )

    def page(
        self, *, study_id: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> ModelPage:
        """One page of models, newest first."""
        params = {"study_id": study_id, "limit": limit, "cursor": cursor}
        return cast(ModelPage, self._http.json("GET", "/models", params=params))

    def certificate(self, model_id: str) -> Certificate:
        """The proof of a model's fold."""
        return cast(Certificate, self._http.json("GET", f"/models/{model_id}/certificate"))

    def samples(self, model_id: str) -> Samples:
        """Held-out samples with labels, to try a model on."""
        return cast(Samples, self._http.json("GET", f"/models/{model_id}/samples"))

    def predict(self, model_id: str, samples: list[Sample]) -> list[Prediction]:
        """One prediction per sample, any number of them.

        A sample is an image [C, H, W] with pixels in [0, 1], or frames of event counts
        [T, C, H, W].
        """
        predictions: list[Prediction] = []
        size = max(1, min(BATCH, BATCH_VALUES // _numbers_in(samples[0]))) if samples else 1
        for start in range(0, len(samples), size):
            body = {"inputs": samples[start : start + size]}
            path = f"/models/{model_id}/predict"
            answer = self._http.json("POST", path, body=body, again=True)
            predictions += cast(Predictions, answer)["predictions"]
        return predictions

    def download(self, model: Model, kind: str, folder: Path) -> tuple[Path, ModelFile]:
        """Store a model's file of one kind in a folder; it appears there only when whole."""
        file = self._file_of(model, kind)
        path = f"/models/{model['id']}/files/{kind}"
        return download(self._http, Wanted(path, file["name"], file["sha256"]), folder), file

    def download_all(self, model: Model, folder: Path) -> list[tuple[Path, ModelFile]]:
        """Store every file of a model in a folder, which `python -m rscore.verify` can check."""
        return [self.download(model, file["kind"], folder) for file in model["files"]]

    def _file_of(self, model: Model, kind: str) -> ModelFile:
        for file in model["files"]:
            if file["kind"] == kind:
                return file
        refused = self.certificate(model["id"])["certificate"].get("refused", [])
        why = "".join(f": {each['reason']}" for each in refused if each["format"] == kind)
        kinds = ", ".join(sorted(file["kind"] for file in model["files"]))
        raise InputError(f"model {model['id']} has no file of kind {kind!r}{why}; it has {kinds}")


def _numbers_in(part: Any) -> int:
    """How many numbers nested lists hold, as far as their first members tell."""
    count = 1
    while isinstance(part, list) and part:
        count *= len(part)
        part = part[0]
    return count
