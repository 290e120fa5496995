from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from rscore.errors import SpecError
from rscore.spec import SPEC_FIELDS, RunSpec, explain, nearest_name, parse_spec

OTHER = {
    "dataset": "mnist",
    "train_samples": 100,
    "test_samples": 50,
    "image_size": 32,
    "augmentation": "crop",
    "cutout": 8,
    "roll": 5,
    "event_slicing": "count",
    "network": "resnet20",
    "width": 8,
    "pooling": "max",
    "sew_connect": "iand",
    "num_timesteps": 2,
    "spike": "ternary",
    "decay": 0.5,
    "learn_decay": True,
    "v_threshold": 1.0,
    "reset": "soft",
    "detach_reset": True,
    "membrane_norm": "mpbn",
    "surrogate": "atan",
    "surrogate_width": 2.0,
    "granularity": "element",
    "amplitude_constraint": "positive",
    "amplitude_weight_decay": 0.1,
    "epochs": 3,
    "batch_size": 32,
    "optimizer": "sgd",
    "lr": 0.1,
    "momentum": 0.5,
    "weight_decay": 0.01,
    "schedule": "cosine",
    "step_epochs": 10,
    "step_factor": 0.5,
    "warmup_epochs": 1.0,
    "clip_norm": 1.0,
    "ema_decay": 0.99,
    "early_stop_epochs": 3,
    "precision": "bf16",
    "compile": True,
    "deterministic": False,
    "regularizer": "im-loss",
    "regularizer_weight": 0.1,
    "distillation": "self",
    "distillation_weight": 0.1,
    "distillation_temperature": 1.0,
    "auxiliary_heads": "shortcut-back",
    "label_smoothing": 0.1,
    "certificate_samples": 10,
    "seed": 1,
}


def test_digest_does_not_depend_on_order_or_on_written_defaults() -> None:
    written = RunSpec(epochs=3, width=8)
    assert RunSpec(width=8, epochs=3).digest() == written.digest()
    whole = dict(reversed(list(written.model_dump().items())))
    assert parse_spec(whole).digest() == written.digest()
    assert parse_spec(json.loads(written.model_dump_json())).digest() == written.digest()


def test_digest_is_the_same_in_another_process() -> None:
    code = "from rscore.spec import RunSpec; print(RunSpec(seed=5).digest())"
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == RunSpec(seed=5).digest()


WHERE_IT_COUNTS = {
    "event_slicing": {"dataset": "n-mnist"},
    "sew_connect": {"network": "sew-resnet18"},
}


@pytest.mark.parametrize("field", sorted(OTHER))
def test_digest_depends_on_every_field(field: str) -> None:
    given = {"dataset": "fashion-mnist", **WHERE_IT_COUNTS.get(field, {})}
    changed = RunSpec(**{**given, field: OTHER[field]})
    assert changed.digest() != RunSpec(**given).digest()


def test_every_field_that_can_vary_is_covered() -> None:
    assert set(SPEC_FIELDS) == set(OTHER)


def test_every_field_has_a_description_and_a_group() -> None:
    for name, field in RunSpec.model_json_schema()["properties"].items():
        assert field["description"], name
        assert field["group"], name


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"epocs": 3}, "epocs: unknown field 'epocs' (did you mean 'epochs'?)"),
        ({"qqqq": 3}, "valid fields: dataset, train_samples"),
        ({"granularity": "chanel"}, "did you mean 'channel'?"),
        ({"dataset": "fashion"}, "dataset: 'fashion' is not one of 'digits', 'mnist'"),
        ({"epochs": 0}, "epochs: Input should be greater than or equal to 1, got 0"),
        ({"decay": 1.5}, "decay: Input should be less than or equal to 1, got 1.5"),
        ({"lr": float("nan")}, "lr: "),
        ({"lr": 0}, "lr: Input should be greater than 0"),
        ({"width": "wide"}, "width: Input should be a valid integer"),
        ({"seed": -1}, "seed: "),
        ({"train_samples": 1438}, "train_samples is 1438, but digits has 1437"),
        ({"test_samples": 361}, "test_samples is 361, but digits has 360"),
        ({"network": "resnet20"}, "needs images of at least 16x16"),
    ],
)
def test_a_bad_field_is_named_with_the_way_out(document: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError) as raised:
        parse_spec(document)
    assert message in str(raised.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ValidationError) as raised:
        RunSpec.model_validate({"epochs": 0, "lr": -1, "widht": 4})
    assert {problem.path for problem in explain(raised.value)} == {"epochs", "lr", "widht"}


@pytest.mark.parametrize("document", [None, [], "digits", 3])
def test_something_else_than_a_mapping_is_refused(document: object) -> None:
    with pytest.raises(SpecError, match="spec: "):
        parse_spec(document)


def test_a_spec_is_frozen() -> None:
    with pytest.raises(ValidationError):
        RunSpec().epochs = 2


def test_nearest_name() -> None:
    assert nearest_name("num_timestep", SPEC_FIELDS) == "num_timesteps"
    assert nearest_name("zzz", SPEC_FIELDS) is None


def test_the_torch_free_modules_load_no_torch() -> None:
    names = "spec, datasets, reporting, errors, runfile, process, data, plans, footprint"
    code = f"import sys; from rscore import {names}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sew_connect": "iand"}, "sew_connect has no effect here"),
        ({"network": "resnet20", "image_size": 32, "pooling": "max"}, "pooling has no effect here"),
        ({"event_slicing": "count"}, "event_slicing has no effect here"),
        ({"epochs": 8, "warmup_epochs": 8}, "warmup_epochs must be below epochs"),
    ],
)
def test_a_choice_that_is_none_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        RunSpec(**fields)


@pytest.mark.parametrize("name", SPEC_FIELDS)
def test_the_guide_lists_every_field_with_its_values_and_default(name: str) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "run_fields.md").read_text()
    field = RunSpec.model_json_schema()["properties"][name]
    row = f"| `{name}` | {values_of(field)} | {shown(field['default'])} | {field['description']} |"
    assert row in guide.splitlines(), f"docs/guide/run_fields.md lacks the row\n{row}"


def values_of(field: dict[str, Any]) -> str:
    """The values that a field may have, as the guide writes them."""
    kind = next((part for part in field.get("anyOf", []) if part["type"] != "null"), field)
    if "enum" in kind:
        return " ".join(f"`{value}`" for value in kind["enum"])
    if "const" in kind:
        return f"`{kind['const']}`"
    if kind["type"] == "boolean":
        return "`true` `false`"
    limits = [
        f"{sign} {kind[key]:g}"
        for key, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
            ("exclusiveMaximum", "<"),
        )
        if key in kind
    ]
    name = {"integer": "whole number", "number": "number"}[kind["type"]]
    return f"{name} {', '.join(limits)}".strip()


def shown(default: Any) -> str:
    return "empty" if default is None else f"`{json.dumps(default).strip(chr(34))}`"
