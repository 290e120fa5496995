"""RunSpec: everything that one training run is, torch-free, frozen, and named by its digest.

A spec is flat on purpose: a field's name is its path in sweeps, filters, tables and errors.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rscore.datasets import DATASETS, DatasetInfo, DatasetName
from rscore.errors import SpecError

Granularity = Literal["binary", "layer", "channel", "element"]
NetworkName = Literal[
    "small-conv",
    "cifarnet",
    "vgg16",
    "resnet20",
    "resnet19",
    "resnet20-modified",
    "sew-resnet18",
    "sew-resnet34",
    "sew-resnet50",
]
SurrogateName = Literal["rectangle", "triangle", "sigmoid", "atan", "fast-sigmoid", "tanh"]
SpikeKind = Literal["binary", "ternary"]
ResetKind = Literal["hard", "soft"]

SMALLEST_SIZE = 16
"""Least side of a sample for every network but small-conv, which needs 4."""


POOLING: tuple[NetworkName, ...] = ("small-conv", "cifarnet", "vgg16")
"""Networks that pool where `pooling` says how; the others stride."""

FIRST_WIDTHS: Mapping[NetworkName, int] = MappingProxyType(
    {
        "small-conv": 16,
        "cifarnet": 128,
        "vgg16": 64,
        "resnet20": 16,
        "resnet19": 128,
        "resnet20-modified": 64,
        "sew-resnet18": 64,
        "sew-resnet34": 64,
        "sew-resnet50": 64,
    }
)
"""Channels of each family's first stage when a spec does not say."""


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
    image_size: int | None = _field(
        None,
        "data",
        "Side in pixels that samples are resized to; the data set's own when empty.",
        ge=4,
        le=512,
    )
    augmentation: Literal["none", "crop", "flip", "crop-flip"] = _field(
        "none",
        "data",
        "Random shift by up to 1/8 of the image (crop), and random mirroring (flip), per batch.",
    )
    cutout: int = _field(
        0, "data", "Side in pixels of a square erased from each training image.", ge=0, le=512
    )
    roll: int = _field(
        0, "data", "Largest random cyclic shift in pixels of each training sample.", ge=0, le=512
    )
    event_slicing: Literal["time", "count"] = _field(
        "time", "data", "Frames of a recording: T slices of equal time, or of equal event count."
    )

    network: NetworkName = _field("small-conv", "network", "Which network family to build.")
    width: int | None = _field(
        None,
        "network",
        "Channels of the first stage; the family's own when empty.",
        ge=1,
        le=1024,
    )
    pooling: Literal["average", "max"] = _field(
        "average", "network", "Pooling of small-conv, cifarnet and vgg16; the others stride."
    )
    sew_connect: Literal["add", "and", "iand"] = _field(
        "add", "network", "How a SEW block joins its spikes with those of its shortcut."
    )

    num_timesteps: int = _field(4, "neuron", "Spike time steps T.", ge=1, le=64)
    spike: SpikeKind = _field(
        "binary", "neuron", "Values of a spike: {0, 1}, or {-1, 0, 1} (Ternary Spike)."
    )
    decay: float = _field(
        0.25, "neuron", "Membrane factor per time step; 1 is IF, below 1 is LIF.", gt=0, le=1
    )
    learn_decay: bool = _field(
        False, "neuron", "Learn one decay per neuron layer, from `decay` (below 1) on."
    )
    v_threshold: float = _field(0.5, "neuron", "Membrane value at which a spike is sent.", gt=0)
    reset: ResetKind = _field(
        "hard",
        "neuron",
        "After a spike the membrane is set to 0 (hard) or loses v_threshold (soft).",
    )
    detach_reset: bool = _field(
        False, "neuron", "Leave the reset out of the gradient, as SEW-ResNet does."
    )
    membrane_norm: Literal["none", "mpbn"] = _field(
        "none", "neuron", "Batch normalisation of the membrane before the threshold (MPBN)."
    )
    surrogate: SurrogateName = _field("rectangle", "neuron", "Stand-in for the spike's derivative.")
    surrogate_width: float = _field(1.0, "neuron", "Width of the surrogate's window.", gt=0)

    granularity: Granularity = _field(
        "channel",
        "amplitude",
        "What shares one learned spike amplitude; binary is the vanilla network without any.",
    )
    amplitude_constraint: Literal["free", "positive", "power-of-two"] = _field(
        "free",
        "amplitude",
        "Values an amplitude may take; powers of two fold bit for bit in float32.",
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
    schedule: Literal["constant", "step", "cosine", "one-cycle"] = _field(
        "one-cycle", "training", "Learning rate over the steps of the run."
    )
    step_epochs: int = _field(
        30, "training", "Epochs between two drops of the step schedule.", ge=1, le=10_000
    )
    step_factor: float = _field(
        0.1, "training", "Factor of each drop of the step schedule.", gt=0, lt=1
    )
    warmup_epochs: float = _field(
        0.0, "training", "Epochs over which the learning rate first rises from 0.", ge=0, le=1000
    )
    label_smoothing: float = _field(0.0, "training", "Label smoothing.", ge=0, lt=1)
    clip_norm: float | None = _field(
        None, "training", "Largest norm of the gradient; not clipped when empty.", gt=0
    )
    ema_decay: float | None = _field(
        None,
        "training",
        "Test and fold an exponential moving average of the weights with this factor per step.",
        gt=0,
        lt=1,
    )
    early_stop_epochs: int | None = _field(
        None, "training", "Stop after so many epochs without a better test accuracy.", ge=1
    )
    precision: Literal["fp32", "bf16", "fp16"] = _field(
        "fp32",
        "training",
        "Arithmetic of synapses in training; membranes stay float32. fp16 needs a GPU.",
    )
    compile: bool = _field(
        False, "training", "Compile the network with torch.compile; slow to start."
    )
    deterministic: bool = _field(
        True, "training", "Only deterministic kernels, so that a repeated run gives the same bits."
    )

    regularizer: Literal["none", "im-loss", "rmp-loss"] = _field(
        "none", "objective", "Loss term on the membranes: IM-Loss or RMP-Loss."
    )
    regularizer_weight: float = _field(
        0.005, "objective", "Weight of the regularizer's term.", ge=0, le=100
    )
    distillation: Literal["none", "ann-logit", "self"] = _field(
        "none",
        "objective",
        "Distil each time step's logits from an ANN twin, or from the mean over all steps.",
    )
    distillation_weight: float = _field(
        0.5, "objective", "Weight of the distillation's term.", ge=0, le=100
    )
    distillation_temperature: float = _field(
        2.0, "objective", "Temperature of the distillation's softmax.", gt=0, le=100
    )
    auxiliary_heads: Literal["none", "shortcut-back"] = _field(
        "none", "objective", "Classifiers behind the earlier stages, in training only."
    )

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
        if self.network != "small-conv" and self.size < SMALLEST_SIZE:
            raise ValueError(
                f"network {self.network} needs images of at least {SMALLEST_SIZE}x{SMALLEST_SIZE}; "
                f"{self.dataset} has {self.size}x{self.size} here; use network small-conv, or set "
                f"image_size to {SMALLEST_SIZE} or more"
            )
        return self

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        for wrong, message in _CONFLICTS:
            if wrong(self):
                raise ValueError(message)
        return self

    @property
    def data(self) -> DatasetInfo:
        """The facts of this spec's data set."""
        return DATASETS[self.dataset]

    @property
    def size(self) -> int:
        """Side of a sample as the network sees it, in pixels."""
        return self.image_size or self.data.size

    @property
    def input_shape(self) -> tuple[int, ...]:
        """One sample as the network takes it: (C, S, S), or (T, C, S, S) for event data."""
        frame = (self.data.channels, self.size, self.size)
        return (self.num_timesteps, *frame) if self.data.kind == "events" else frame

    @property
    def first_width(self) -> int:
        """Channels of the first stage: `width`, or the family's own."""
        return self.width or FIRST_WIDTHS[self.network]

    def digest(self) -> str:
        """SHA-256 over the canonical JSON of every field: the name of this very training."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


_CONFLICTS: tuple[tuple[Callable[[RunSpec], bool], str], ...] = (
    (
        lambda spec: spec.learn_decay and spec.decay == 1,
        "learn_decay starts from decay, which must then be below 1; set decay to 0.5, for example",
    ),
    (
        lambda spec: spec.membrane_norm == "mpbn" and spec.reset == "soft",
        "membrane_norm mpbn is defined for the hard reset; set reset to hard",
    ),
    (
        lambda spec: spec.membrane_norm == "mpbn" and spec.spike == "ternary",
        "membrane_norm mpbn is defined for binary spikes; set spike to binary",
    ),
    (
        lambda spec: spec.spike == "ternary" and spec.sew_connect == "iand" and _is_sew(spec),
        "sew_connect iand needs spikes of 0 and 1; set spike to binary or sew_connect to add",
    ),
    (
        lambda spec: spec.sew_connect != "add" and not _is_sew(spec),
        "sew_connect has no effect here, only SEW networks have it; leave it out, or use a network "
        "such as sew-resnet18",
    ),
    (
        lambda spec: spec.pooling != "average" and spec.network not in POOLING,
        f"pooling has no effect here, only {', '.join(POOLING)} have it; leave it out",
    ),
    (
        lambda spec: spec.event_slicing != "time" and spec.data.kind != "events",
        "event_slicing has no effect here, only recordings of events have it; leave it out",
    ),
    (
        lambda spec: spec.epochs <= spec.warmup_epochs,
        "warmup_epochs must be below epochs, or the learning rate never arrives; lower it",
    ),
)
"""What cannot be, or would look like a choice and be none; each with the way out."""


def _is_sew(spec: RunSpec) -> bool:
    return spec.network.startswith("sew-")


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
