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
        ("name: no spec", "spec: is missing; write the fields of the run under it"),
        ("name: flat\ndataset: digits\nlr: 1", "dataset, lr: indent them under `spec:`"),
        ("spec: {epochs: 2}\nlr: 1", "lr: indent it under `spec:`"),
        ("spec: 3", "spec: expected fields such as `epochs: 8`, found 3"),
        ("spec: {}\ntags: 3", "tags: Input should be a valid tuple, got 3"),
        ("spec: [", "line 1, column 8: "),
        ("just words", "expected fields such as `name: ...`, found a str"),
        ("", "found nothing"),
        ("base: {epochs: 2}\nseeds: 3", "this is a study file; submit it with: "),
        ("method: grid\nparameters: {}", "this is a study file"),
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


def test_every_problem_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("specs: {}\nspec: {epocs: 2, lr: 0}")
    with pytest.raises(SpecError) as raised:
        read_run_file(path)
    first, second, third = sorted(str(raised.value).splitlines())
    assert first == f"{path}: spec.epocs: unknown field 'epocs' (did you mean 'epochs'?)"
    assert second.startswith(f"{path}: spec.lr: ")
    assert third == f"{path}: specs: unknown field 'specs' (did you mean 'spec'?)"


def test_settings_are_laid_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("{name: n, spec: {epochs: 2, lr: 0.1}}")
    run = read_run_file(path, ["epochs=3", "name=m", "epochs=4"])
    assert (run.name, run.spec) == ("m", RunSpec(epochs=4, lr=0.1))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("lr=abc", "--set lr=abc: Input should be a valid number"),
        ("tags=3", "--set tags=3: Input should be a valid tuple, got 3"),
        ("spec=3", "--set spec=3: unknown field 'spec'"),
        ("train_samples=9999", "{path} with --set train_samples=9999: spec: train_samples is 9999"),
    ],
)
def test_what_is_wrong_with_a_setting_is_said_of_it(
    tmp_path: Path, setting: str, message: str
) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("spec: {}")
    with pytest.raises(SpecError) as raised:
        read_run_file(path, [setting])
    assert str(raised.value).startswith(message.format(path=path))


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no such file"):
        read_run_file(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match="directory"):
        read_run_file(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="not a text file"):
        read_run_file(tmp_path / "binary")
