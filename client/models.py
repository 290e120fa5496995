"""Folded models over HTTP."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import cast

from client.errors import DownloadError, InputError
from client.ids import found
from client.transport import Transport
from client.wire import (
    Certificate,
    Image,
    Model,
    ModelFile,
    ModelPage,
    Prediction,
    Predictions,
    Samples,
)

PAGE = 200
BATCH = 256
CHUNK = 1 << 18


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

    def predict(self, model_id: str, images: list[Image]) -> list[Prediction]:
        """One prediction per image [C, H, W] with pixels in [0, 1]; any number of images."""
        predictions: list[Prediction] = []
        for start in range(0, len(images), BATCH):
            body = {"inputs": images[start : start + BATCH]}
            answer = self._http.json("POST", f"/models/{model_id}/predict", body=body)
            predictions += cast(Predictions, answer)["predictions"]
        return predictions

    def download(
        self,
        model: Model,
        kind: str,
        folder: Path,
    ) -> tuple[Path, ModelFile]:
        """Store a model's file of one kind in a folder; it appears there only when whole."""
        file = _file_of(model, kind)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / Path(file["name"]).name
        part = target.with_name(target.name + ".part")
        digest = hashlib.sha256()
        path = f"/models/{model['id']}/files/{kind}"
        with (
            self._http.stream(path, params={}, headers={}, silence=30.0) as response,
            part.open("wb") as out,
        ):
            for chunk in response.iter_bytes(CHUNK):
                digest.update(chunk)
                out.write(chunk)
        if digest.hexdigest() != file["sha256"]:
            part.unlink()
            raise DownloadError(
                f"{file['name']} came with SHA-256 {digest.hexdigest()}, but model {model['id']} "
                f"has {file['sha256']}; nothing was kept, download it again"
            )
        part.replace(target)
        return target, file


def _file_of(model: Model, kind: str) -> ModelFile:
    for file in model["files"]:
        if file["kind"] == kind:
            return file
    kinds = ", ".join(sorted(file["kind"] for file in model["files"]))
    raise InputError(f"model {model['id']} has no file of kind {kind!r}; it has {kinds}")
