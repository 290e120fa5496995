from __future__ import annotations

from pathlib import Path

import pytest

from client.documents import datasets_of, read_document, read_run, read_study
from client.errors import InputError

PRESETS = Path(__file__).parents[2] / "presets"


def write(folder: Path, text: str) -> Path:
    path = folder / "run.yaml"
    path.write_text(text)
    return path


def test_typo_names_file_path_and_nearest_name(tmp_path: Path) -> None:
    path = write(tmp_path, "spec:\n  granularty: layer\n")
    with pytest.raises(InputError) as caught:
        read_run(path)
    assert str(caught.value) == (
        f"{path}: spec.granularty: unknown field 'granularty' (did you mean 'granularity'?)"
    )


def test_every_problem_has_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "nme: x\nspec:\n  epochs: 0\n  network: resnet\n")
    with pytest.raises(InputError) as caught:
        read_run(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert "did you mean 'name'?" in lines[2]
    assert all(line.startswith(str(path)) for line in lines)


def test_settings_are_laid_over(tmp_path: Path) -> None:
    path = write(tmp_path, "name: a\nspec:\n  epochs: 3\n")
    settings = ["epochs=5", "name=b", "train_samples=null", "tags=[x, y]", "lr=0.1"]
    document = read_run(path, settings)
    assert document["name"] == "b"
    assert document["tags"] == ["x", "y"]
    assert document["spec"] == {"epochs": 5, "train_samples": None, "lr": 0.1}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("epochs", "write it as field=value"),
        ("epohs=3", "did you mean 'epochs'"),
        ("epochs=0", "^--set epochs=0: Input should be greater"),
        ("epochs={", "line 1"),
    ],
)
def test_setting_that_is_wrong(tmp_path: Path, setting: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_run(write(tmp_path, "spec: {}\n"), [setting])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1\n", r"line 2, column 1"),
        ("", "found nothing"),
        ("- 1\n", "found a list"),
        ("spec: 3\n", "spec: expected fields"),
    ],
)
def test_file_that_is_no_run(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_run(write(tmp_path, text))


def test_dates_are_text_and_numbers_are_finite(tmp_path: Path) -> None:
    assert read_document(write(tmp_path, "name: 2026-11-24\n1: x\n")) == {
        "name": "2026-11-24",
        "1": "x",
    }
    with pytest.raises(InputError, match="not JSON compliant"):
        read_document(write(tmp_path, "base: {lr: .nan}\n"))
    with pytest.raises(InputError, match="Circular"):
        read_document(write(tmp_path, "base: &loop\n  x: *loop\n"))


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_document(tmp_path / "no.yaml")


def test_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text file"):
        read_document(path)


def test_folder_instead_of_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Is a directory"):
        read_document(tmp_path)


def test_run_and_study_files_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="realspike study submit"):
        read_run(write(tmp_path, "base: {}\n"))
    with pytest.raises(InputError, match="realspike run submit"):
        read_study(write(tmp_path, "spec: {}\n"))


def test_levels_written_as_in_ablate_are_shown_in_the_form_of_sweeps(tmp_path: Path) -> None:
    path = write(tmp_path, "parameters: {lr: [0.1, 0.2], decay: 0.5, seed: {value: 1}}\n")
    with pytest.raises(InputError) as caught:
        read_study(path)
    assert str(caught.value).splitlines() == [
        f"{path}: parameters.lr: write {{values: [0.1, 0.2]}}",
        f"{path}: parameters.decay: write {{value: 0.5}}",
    ]


@pytest.mark.parametrize("path", sorted(PRESETS.glob("*.yaml")), ids=lambda path: path.stem)
def test_preset_is_a_run_or_a_study(path: Path) -> None:
    document = read_document(path)
    assert (read_run if "spec" in document else read_study)(path)
    assert datasets_of(document)


def test_json_is_read_too(tmp_path: Path) -> None:
    assert read_run(write(tmp_path, '{"spec": {"epochs": 2}}'))["spec"] == {"epochs": 2}


def test_datasets_of_documents() -> None:
    assert datasets_of({"spec": {"dataset": "mnist"}}) == ["mnist"]
    assert datasets_of({"base": {"dataset": "kmnist"}}) == ["kmnist"]
    assert datasets_of(
        {"base": {"dataset": "kmnist"}, "ablate": {"dataset": ["mnist", "digits"]}}
    ) == [
        "digits",
        "mnist",
    ]
    assert datasets_of({"parameters": {"dataset": {"value": "fashion-mnist"}}}) == ["fashion-mnist"]
    assert datasets_of({"parameters": {"dataset": {"values": ["mnist", "nope"]}}}) == ["mnist"]
    assert datasets_of({"base": 3}) == []
