from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from rscore.errors import SpecError
from rscore.spec import RunSpec
from rscore.training import TrainResult, train
from rscore.training.compilation import require_compiler
from tests.support.recorder import Recorder

SPEC = RunSpec(train_samples=40, test_samples=10, width=2, num_timesteps=2, epochs=1, batch_size=20)
COMPILED = SPEC.model_copy(update={"compile": True})


def run(spec: RunSpec, recorder: Recorder, workdir: Path) -> TrainResult:
    return train(spec, recorder, workdir=workdir, data_dir=workdir)


@pytest.mark.filterwarnings("ignore")  # of torch's own parts, about each other
def test_a_compiled_training_learns_the_same(tmp_path: Path) -> None:
    try:
        require_compiler(torch.device("cpu"))
    except SpecError as error:
        pytest.skip(str(error))
    compiled = run(COMPILED, Recorder(), tmp_path / "compiled")
    plain = run(SPEC, Recorder(), tmp_path)
    assert compiled.network.state_dict().keys() == plain.network.state_dict().keys()
    assert not any("forward" in vars(module) for module in compiled.network.modules())
    for name in ("train_loss", "test_loss"):
        assert compiled.metrics[name] == pytest.approx(plain.metrics[name], rel=1e-3), name


def test_where_nothing_can_be_compiled_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiler(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        def fail(x: Tensor) -> Tensor:
            raise RuntimeError("No working C++ compiler found")

        return fail

    monkeypatch.setattr(torch, "compile", compiler)
    recorder = Recorder()
    with pytest.raises(SpecError, match=r"compile: .*No working C\+\+.* set compile to false"):
        run(COMPILED, recorder, tmp_path)
    assert not recorder.lines
