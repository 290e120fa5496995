"""Checkpoints: one safetensors file with JSON metadata, complete or not there at all.

Tensor names are `<part>/<name>`: model, objective (its own parameters), optimizer
(`<parameter>/<state>`), precision (the scaler of fp16), average (of the weights), total (running
sums of an unfinished epoch), early_stop, random (by device). Reading one executes nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from rscore.errors import CheckpointError
from rscore.spec import RunSpec

FORMAT = "realspike-checkpoint"
VERSION = 2


@dataclass(frozen=True, slots=True)
class Position:
    """Where a training stands: `epoch` epochs are complete, and `batch` batches of the next."""

    epoch: int
    batch: int
    step: int
    epoch_seconds: float = 0.0
    """Time spent so far on the unfinished epoch."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that a training needs to go on as if it had never stopped."""

    spec: RunSpec
    position: Position
    tensors: Mapping[str, Tensor]
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Newest value of every metric that was measured."""

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors under `prefix/`, by the rest of their names."""
        start = f"{prefix}/"
        return {
            name.removeprefix(start): tensor
            for name, tensor in self.tensors.items()
            if name.startswith(start)
        }


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint; whenever the machine stops, `path` is the old file or the new one.

    Raises:
        OSError: if the disk is full or the folder cannot be written to.
    """
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "spec": checkpoint.spec.model_dump(mode="json"),
        "spec_digest": checkpoint.spec.digest(),
        "position": asdict(checkpoint.position),
        "metrics": dict(checkpoint.metrics),
    }
    write_tensors(path, checkpoint.tensors, {FORMAT: json.dumps(metadata)})


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
    """A safetensors file, written beside its place, synced to the disk and renamed into it."""
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = safetensors.torch.save(whole, metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def load(path: Path, spec: RunSpec) -> Checkpoint:
    """The checkpoint at `path`, which must be of this very spec.

    Raises:
        CheckpointError: if it cannot be read, is something else, or belongs to another spec.
    """
    metadata, tensors = _read(path)
    try:
        document = json.loads(metadata[FORMAT])
        version = document["version"]
        position = Position(**document["position"])
        digest, fields, metrics = document["spec_digest"], document["spec"], document["metrics"]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is not a checkpoint of a training; {_REMEDY}") from error
    if version != VERSION:
        raise CheckpointError(
            f"{path} has checkpoint version {version}, this program reads {VERSION}; {_REMEDY}"
        )
    if digest != spec.digest():
        raise CheckpointError(
            f"{path} belongs to another specification ({_difference(fields, spec)}); {_REMEDY}"
        )
    return Checkpoint(spec=spec, position=position, tensors=tensors, metrics=metrics)


_REMEDY = "delete it to start from the beginning"


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as stream:
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
            return stream.metadata() or {}, tensors
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint at {path}") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"checkpoint {path} cannot be read: {error}; {_REMEDY}") from error


def _difference(fields: Mapping[str, Any], spec: RunSpec) -> str:
    own = spec.model_dump(mode="json")
    names = sorted(own.keys() | fields.keys())
    changed = [name for name in names if own.get(name) != fields.get(name)]
    return ", ".join(f"{name}: {fields.get(name)} there, {own.get(name)} here" for name in changed)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
