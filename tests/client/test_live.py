from __future__ import annotations

import io
import json
import re

import pytest
from rich.console import Console

from client.api import Client
from client.cli.live import JsonBoard, LiveBoard, PlainBoard
from client.follow import Change, Follower, RunView


def follower_of(*runs: RunView) -> Follower:
    follower = Follower(Client(), study_id="stu_1")
    follower.runs = {run.id: run for run in runs}
    return follower


def view(number: int, status: str = "running") -> RunView:
    return RunView(
        f"run_{number}",
        f"ablation granularity=channel seed={number}",
        status,
        epochs=8,
        epoch=3,
        step=30,
        steps=80,
        loss=0.25,
        accuracy=0.9375,
        eta_seconds=75.0,
        attempt=1,
    )


def test_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    run = view(1)
    follower = follower_of(run, view(2))
    board = PlainBoard()
    waiting = view(2, "queued")
    waiting.attempt = 0
    board.show(Change("status", waiting), follower)
    board.show(Change("status", run), follower)
    board.show(Change("progress", run), follower)
    board.show(Change("epoch", run, epoch=3, loss=0.25, accuracy=0.9375), follower)
    run.status, run.reason, run.detail = "failed", "loss_not_finite", "the loss became NaN"
    board.show(Change("status", run), follower)
    name = "run_1  ablation granularity=channel seed=1"
    assert capsys.readouterr().out.splitlines() == [
        f"{name}  running",
        f"{name}  epoch 3/8  loss 0.25  accuracy 93.75 %  ETA 1 min 15 s",
        f"{name}  failed  loss_not_finite: the loss became NaN  [1/2]",
    ]


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    run = view(1)
    board = JsonBoard()
    for kind in ("status", "progress", "epoch"):
        board.show(Change(kind, run, epoch=3, loss=0.25, accuracy=0.9), follower_of(run))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["status", "progress", "epoch"]
    assert lines[0]["status"] == "running"
    assert lines[1]["step"] == 30
    assert lines[2]["accuracy"] == 0.9


def test_bars_fit_a_narrow_terminal() -> None:
    out = io.StringIO()
    runs = [view(1), view(2), view(3, "queued")]
    follower = follower_of(*runs)
    with LiveBoard(Console(file=out, force_terminal=True, width=80, color_system=None)) as board:
        for run in runs:
            board.show(Change("progress", run), follower)
        board._progress.refresh()
        shown = out.getvalue().splitlines()
        runs[0].status = "succeeded"
        board.show(Change("status", runs[0]), follower)
    facts = "38% epoch 3/8  loss 0.25  accuracy 93.75 %  ETA 1 min 15 s"
    assert any(re.match(rf"1 .*{facts}", line) for line in shown)
    assert any("0 of 3 runs ended" in line for line in shown)
    assert "run_1  ablation granularity=channel seed=1  succeeded" in out.getvalue()
    assert "[1/3]" in out.getvalue()
