"""The demo's steps on a small study; `make demo` runs the real one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from client import demo
from client.api import Client
from client.cli.context import stdout
from client.supervisor import ServiceError
from client.wire import StudyTable


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, study_file: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "STUDY", study_file)
    monkeypatch.setattr(demo, "LEAST_ACCURACY", 0.0)


def test_from_submission_to_prediction(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo._run(stdout(), client, time.monotonic())
    out = capsys.readouterr().out
    assert "Training 2 runs" in out
    assert "  epoch 1/1  " not in out
    assert out.count("  succeeded") == 2
    assert "first training began after" in out
    assert "AGREEMENT" in out
    assert "is right" in out
    assert "of 32 right" in out
    assert len(list((tmp_path / demo.HOME / "downloads").glob("*/folded.onnx"))) == 1


def test_run_that_fails_is_one_line(client: Client, study_file: Path) -> None:
    text = study_file.read_text()
    study_file.write_text(text.replace("dataset: digits", "dataset: mnist"))
    with pytest.raises(demo.DemoError, match=r"2 of 2 runs .*two cells .*failed: dataset_missing"):
        demo._run(stdout(), client, time.monotonic())


def table_of(*means: float | None) -> StudyTable:
    return {
        "study_id": "stu_1",
        "metric": "test_acc",
        "goal": "maximize",
        "factors": [],
        "cells": [
            {
                "levels": {},
                "n": 1,
                "runs": 1,
                "failed": 0,
                "mean": mean,
                "std": None,
                "values": [],
                "run_ids": [],
                "verdicts": {},
            }
            for mean in means
        ],
        "complete": True,
    }


def test_too_low_an_accuracy_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "LEAST_ACCURACY", 0.95)
    with pytest.raises(demo.DemoError, match=r"94\.00 % test accuracy, less than 95\.00 %"):
        demo._check(table_of(0.9, 0.94, None), models=3)
    demo._check(table_of(0.9, 0.96, None), models=3)


def test_missing_model_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(demo.DemoError, match="2 runs succeeded, but there are 1 folded models"):
        demo._check(table_of(0.96, 0.97), models=1)


def test_service_that_cannot_start_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(**_: object) -> None:
        raise ServiceError("the disk of /x is full; free some space")

    monkeypatch.setattr(demo, "service", refuse)
    monkeypatch.setenv("REALSPIKE_DATABASE_URL", "postgresql://elsewhere/team")
    assert demo.main() == 1
    assert capsys.readouterr().err == "error: the disk of /x is full; free some space\n"
