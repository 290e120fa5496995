"""What test_ranks.py has torchrun do: trainings alone and together, their outcomes as files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from rscore import training
from rscore.amplitude import Amplitude
from rscore.networks.layers import RepeatTime, TimeMean
from rscore.neurons import LIF
from rscore.spec import RunSpec
from rscore.training import CHECKPOINT_NAME, TrainResult, train
from rscore.training.ranks import ALONE, Ranks, joined_ranks
from tests.support.recorder import Recorder

SPEC = RunSpec(
    train_samples=25,
    test_samples=20,
    num_timesteps=2,
    epochs=2,
    batch_size=10,
    width=4,
    clip_norm=0.5,
    ema_decay=0.5,
)
STEPS_AN_EPOCH = 3
"""Batches of 10, 10 and 5 samples: the ranks' parts differ in the last one."""


class WithoutNorm(nn.Module):
    """A spiking network without BatchNorm, in float64: its mean gradient knows no batch size."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 3, 3, padding=1),
            RepeatTime(2),
            LIF(num_timesteps=2, decay=0.5, v_threshold=0.2),
            Amplitude("channel", (3, 8, 8)),
            nn.Flatten(),
            nn.Linear(192, 10),
            TimeMean(2),
        ).double()

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers(x.double())
        return logits


def run(
    workdir: Path, recorder: Recorder, ranks: Ranks, *, resume_from: Path | None = None
) -> TrainResult:
    return train(
        SPEC, recorder, workdir=workdir, data_dir=workdir, resume_from=resume_from, ranks=ranks
    )


def keep(result: TrainResult, recorder: Recorder, path: Path) -> None:
    save_file(
        {name: value.contiguous() for name, value in result.network.state_dict().items()},
        path.with_suffix(".safetensors"),
    )
    told = {
        "steps": result.steps,
        "stopped": result.stopped,
        "metrics": result.metrics,
        "lines": len(recorder.lines),
        "checkpoints": len(recorder.checkpoints),
        "asked": recorder.asked,
        "values": {f"{name}@{step}": v for (name, step), v in recorder.measured().items()},
    }
    path.with_suffix(".json").write_text(json.dumps(told))


def main(out: Path) -> None:
    torch.set_num_threads(1)
    with joined_ranks("cpu") as ranks:

        def done(name: str, *, stop_at: int | None = None, resume_from: Path | None = None) -> None:
            recorder = Recorder(stop_at=stop_at)
            folder = out / name
            result = run(folder, recorder, ranks, resume_from=resume_from)
            keep(result, recorder, out / f"{name}-{ranks.rank}")

        done("norm")
        build = training.build_network
        training.build_network = lambda spec: WithoutNorm()
        done("together")
        done("stopped", stop_at=2 if ranks.rank == 1 else None)
        done("resumed", resume_from=out / "stopped" / CHECKPOINT_NAME)
        if ranks.main:
            recorder = Recorder()
            keep(run(out / "alone", recorder, ALONE), recorder, out / "alone-0")
        training.build_network = build


if __name__ == "__main__":
    main(Path(sys.argv[1]))
