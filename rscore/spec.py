"""RunSpec: everything that one training run is, torch-free, frozen, and named by its digest.

A spec is flat on purpose: a field's name is its path in sweeps, filters, tables and errors.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rscore.errors import SpecError

Granularity = Literal["binary", "layer", "channel", "element"]
DatasetName = Literal["digits", "mnist", "fashion-mnist"]
NetworkName = Literal["small-conv", "resnet20"]


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """One original file of a data set, as its authors publish it."""

    name: str
    bytes: int
    md5: str
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What a data set is: sample shape, classes, split sizes, and the files that hold it."""

    title: str
    channels: int
    size: int
    classes: tuple[str, ...]
    train: int
    test: int
    files: tuple[DatasetFile, ...] = ()


def _idx_files(
    mirrors: tuple[str, ...], facts: tuple[tuple[str, int, str], ...]
) -> tuple[DatasetFile, ...]:
    return tuple(
        DatasetFile(name, size, md5, tuple(f"{mirror}/{name}" for mirror in mirrors))
        for name, size, md5 in facts
    )


_DIGITS = tuple(str(digit) for digit in range(10))

DATASETS: Mapping[DatasetName, DatasetInfo] = MappingProxyType(
    {
        "digits": DatasetInfo("scikit-learn digits", 1, 8, _DIGITS, train=1437, test=360),
        "mnist": DatasetInfo(
            "MNIST",
            1,
            28,
            _DIGITS,
            train=60_000,
            test=10_000,
            files=_idx_files(
                (
                    "https://ossci-datasets.s3.amazonaws.com/mnist",
                    "https://storage.googleapis.com/cvdf-datasets/mnist",
                ),
                (
                    ("train-images-idx3-ubyte.gz", 9912422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
                    ("train-labels-idx1-ubyte.gz", 28881, "d53e105ee54ea40749a09fcbcd1e9432"),
                    ("t10k-images-idx3-ubyte.gz", 1648877, "9fb629c4189551a2d022fa330f9573f3"),
                    ("t10k-labels-idx1-ubyte.gz", 4542, "ec29112dd5afa0611ce80d1b7f02629c"),
                ),
            ),
        ),
        "fashion-mnist": DatasetInfo(
            "Fashion-MNIST",
            1,
            28,
            (
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            train=60_000,
            test=10_000,
            files=_idx_files(
                (
                    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
                    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
                ),
                (
                    ("train-images-idx3-ubyte.gz", 26421880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
                    ("train-labels-idx1-ubyte.gz", 29515, "25c81989df183df01b3e8a0aad5dffbe"),
                    ("t10k-images-idx3-ubyte.gz", 4422102, "bef4ecab320f06d8554ea6380940ec79"),
                    ("t10k-labels-idx1-ubyte.gz", 5148, "bb300cfdad3c16e7a12a480ee83cd310"),
                ),
            ),
        ),
    }
)


# The group a form or a table puts a field under; the field's path stays flat.
def _field(default: Any, group: str, description: str, **limits: Any) -> Any:
    return Field(default, description=description, json_schema_extra={"group": group}, **limits)


class RunSpec(BaseModel):
    """One training run, completely: two runs with one digest train the same weights."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    dataset: DatasetName = _field("digits", "data", "Which data set to train and test on.")
    train_samples: int | None = _field(
        None, "data", "Use only the first so many training samples; all when empty.", ge=1
    )
    test_samples: int | None = _field(
        None, "data", "Use only the first so many test samples; all when empty.", ge=1
    )
    augmentation: Literal["none", "crop", "crop-flip"] = _field(
        "none",
        "data",
        "Random shift by up to 1/8 of the image (crop), and random mirroring (flip), per batch.",
    )

    network: NetworkName = _field("small-conv", "network", "Which network family to build.")
    width: int = _field(16, "network", "Channels of the first stage.", ge=1, le=512)
    pooling: Literal["average", "max"] = _field(
        "average", "network", "Pooling of small-conv; resnet20 strides instead."
    )

    num_timesteps: int = _field(4, "neuron", "Spike time steps T.", ge=1, le=64)
    decay: float = _field(
        0.25, "neuron", "Membrane factor per time step; 1 is IF, below 1 is LIF.", gt=0, le=1
    )
    v_threshold: float = _field(0.5, "neuron", "Membrane value at which a spike is sent.", gt=0)
    surrogate: Literal["rectangle"] = _field(
        "rectangle", "neuron", "Stand-in for the spike's derivative."
    )
    surrogate_width: float = _field(1.0, "neuron", "Width of the surrogate's window.", gt=0)

    granularity: Granularity = _field(
        "channel",
        "amplitude",
        "What shares one learned spike amplitude; binary is the vanilla network without any.",
    )
    amplitude_weight_decay: float = _field(
        0.0, "amplitude", "Weight decay on the amplitudes alone.", ge=0, le=1
    )

    epochs: int = _field(8, "training", "Passes over the training data.", ge=1, le=10_000)
    batch_size: int = _field(64, "training", "Samples in one optimiser step.", ge=1, le=65_536)
    optimizer: Literal["sgd", "adam", "adamw"] = _field("adam", "training", "Optimiser.")
    lr: float = _field(0.009, "training", "Peak learning rate.", gt=0, le=100)
    momentum: float = _field(0.9, "training", "Momentum of sgd; adam ignores it.", ge=0, lt=1)
    weight_decay: float = _field(0.0, "training", "Weight decay on the weights.", ge=0, le=1)
    schedule: Literal["constant", "cosine", "one-cycle"] = _field(
        "one-cycle", "training", "Learning rate over the steps of the run."
    )
    label_smoothing: float = _field(0.0, "training", "Label smoothing.", ge=0, lt=1)

    certificate_samples: int = _field(
        256, "fold", "Test samples on which the fold is proved.", ge=1, le=10_000
    )
    seed: int = _field(0, "run", "Seed of weights, data order and augmentation.", ge=0, lt=2**31)

    @model_validator(mode="after")
    def _fits_the_data(self) -> Self:
        info = DATASETS[self.dataset]
        for name, limit in (("train_samples", info.train), ("test_samples", info.test)):
            value = getattr(self, name)
            if value is not None and value > limit:
                raise ValueError(f"{name} is {value}, but {self.dataset} has {limit}")
        if self.network == "resnet20" and info.size < 16:
            raise ValueError(
                f"network resnet20 needs images of at least 16x16; {self.dataset} has "
                f"{info.size}x{info.size}; use network small-conv"
            )
        return self

    @property
    def data(self) -> DatasetInfo:
        """The facts of this spec's data set."""
        return DATASETS[self.dataset]

    def digest(self) -> str:
        """SHA-256 over the canonical JSON of every field: the name of this very training."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


SPEC_FIELDS: tuple[str, ...] = tuple(RunSpec.model_fields)


class FieldProblem(BaseModel):
    """One thing wrong with one field of a document, and the way out where one is known."""

    path: str = Field(description="Dotted path of the field, empty for the whole document.")
    message: str = Field(description="What was wrong, with the allowed range or values.")
    hint: str | None = Field(None, description="What to do, for example the nearest valid name.")


def nearest_name(name: str, names: tuple[str, ...] | list[str]) -> str | None:
    """The valid name that a mistyped one most likely meant, or None."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return close[0] if close else None


def explain(error: ValidationError, names: tuple[str, ...] = SPEC_FIELDS) -> list[FieldProblem]:
    """Every problem of a failed validation, each with its path and the nearest valid name."""
    return [explain_item(item, names) for item in error.errors(include_url=False)]


def explain_item(item: Mapping[str, Any], names: tuple[str, ...] = SPEC_FIELDS) -> FieldProblem:
    """One entry of pydantic's `errors()` as a FieldProblem; `names` are the valid fields there."""
    path = ".".join(str(part) for part in item["loc"])
    hint = None
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        message = f"unknown field {item['loc'][-1]!r}"
        close = nearest_name(str(item["loc"][-1]), names)
        hint = f"did you mean {close!r}?" if close else f"valid fields: {', '.join(names)}"
    elif item["type"] == "literal_error":
        close = nearest_name(str(item["input"]), _literal_values(item))
        message = f"{item['input']!r} is not one of {item.get('ctx', {}).get('expected', '')}"
        hint = f"did you mean {close!r}?" if close else None
    elif "input" in item and path:
        message = f"{message}, got {item['input']!r}"
    return FieldProblem(path=path, message=message, hint=hint)


def _literal_values(item: Mapping[str, Any]) -> list[str]:
    expected = str(item.get("ctx", {}).get("expected", ""))
    return [part.strip(" '") for part in expected.replace(" or ", ",").split(",")]


def parse_spec(document: object) -> RunSpec:
    """A RunSpec from a parsed YAML or JSON document; raises SpecError that names every field."""
    try:
        return RunSpec.model_validate(document)
    except ValidationError as error:
        lines = [
            f"{problem.path or 'spec'}: {problem.message}"
            + (f" ({problem.hint})" if problem.hint else "")
            for problem in explain(error)
        ]
        raise SpecError("; ".join(lines)) from error
