from __future__ import annotations

from pathlib import Path

import pytest

from rscore.errors import SpecError
from rscore.runfile import read_run_file
from rscore.spec import RunSpec

PRESETS = Path(__file__).parents[2] / "presets"


@pytest.mark.parametrize("name", ["digits", "fashion-mnist", "mnist", "n-mnist"])
def test_the_presets_are_run_files(name: str) -> None:
    run = read_run_file(PRESETS / f"{name}.yaml")
    assert run.name == name
    assert run.spec.dataset == name


def test_every_field(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("{name: n, experiment: e, tags: [a, b], priority: 3, spec: {epochs: 2}}")
    run = read_run_file(path)
    assert (run.name, run.experiment, run.tags, run.priority) == ("n", "e", ("a", "b"), 3)
    assert run.spec == RunSpec(epochs=2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spec: {epocs: 2}", "spec.epocs: unknown field 'epocs' (did you mean 'epochs'?)"),
        ("spec: {epochs: 0}", "spec.epochs: Input should be greater than or equal to 1, got 0"),
        ("spec: {train_samples: 9999}", "train_samples is 9999, but digits has 1437"),
        ("specs: {epochs: 2}", "did you mean 'spec'?"),
        ("name: no spec", "spec: Field required"),
        ("spec: [", "is not YAML: "),
        ("just words", "is not a run file: it needs a `spec:`"),
        ("", "is not a run file"),
        ("base: {epochs: 2}\nseeds: 3", "a study of many runs: submit it with `realspike study"),
        ("method: grid\nparameters: {}", "a study of many runs"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as raised:
        read_run_file(path)
    assert message in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no file"):
        read_run_file(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match="cannot be read"):
        read_run_file(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="cannot be read"):
        read_run_file(tmp_path / "binary")
