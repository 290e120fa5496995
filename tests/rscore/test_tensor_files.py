from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open

from rscore.tensor_files import tensor_bytes

TENSORS = {"b": torch.arange(6.0).view(2, 3).t(), "a": torch.ones(3, dtype=torch.int64)}
TEXTS = {f"text {number}": f"ä {number}" for number in range(8)}


def test_the_same_content_is_the_same_bytes() -> None:
    shuffled = dict(reversed(TEXTS.items()))

    assert len({tensor_bytes(TENSORS, texts) for texts in [TEXTS, shuffled] * 8}) == 1


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    path.write_bytes(tensor_bytes(TENSORS, TEXTS))

    with safe_open(path, framework="pt") as file:
        assert file.metadata() == TEXTS
        assert {name: file.get_tensor(name).tolist() for name in file.keys()} == {  # noqa: SIM118
            name: tensor.tolist() for name, tensor in TENSORS.items()
        }


def test_a_file_may_have_no_texts(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    path.write_bytes(tensor_bytes(TENSORS, {}))

    with safe_open(path, framework="pt") as file:
        assert not file.metadata()
