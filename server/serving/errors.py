"""Errors of serving; each class's docstring says what it means."""

from __future__ import annotations

from server.errors import ServerError


class InputError(ServerError):
    """Samples that the model cannot take; `path` names the place in the request."""

    def __init__(self, path: str, message: str, hint: str | None = None) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message
        self.hint = hint


class ModelFileError(ServerError):
    """A stored model that ONNX Runtime cannot load or run."""
