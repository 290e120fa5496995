from pathlib import Path

import pytest
import torch

from rscore.errors import ExportError
from rscore.export import samples_file


def test_what_is_read_is_what_was_written_to_the_bit(tmp_path: Path) -> None:
    torch.manual_seed(0)
    inputs = torch.cat([torch.rand(2, 3, 4, 5), torch.arange(256)[:120].view(2, 3, 4, 5) / 255])
    path = tmp_path / "samples.json"
    samples_file.save(path, inputs, torch.tensor([3, 1, 2, 0]), about={"proof_digest": "abc"})
    again, labels = samples_file.load(path)
    assert torch.equal(again, inputs)
    assert labels.tolist() == [3, 1, 2, 0]
    assert samples_file.metadata(path) == {"proof_digest": "abc"}


def test_fewer_large_samples_travel() -> None:
    assert samples_file.travelling(torch.empty(40, 1, 8, 8), 32) == 32
    assert samples_file.travelling(torch.empty(20, 1, 8, 8), 32) == 20
    assert samples_file.travelling(torch.empty(40, 3, 224, 224), 32) == 13
    assert samples_file.travelling(torch.empty(2, 4, 3, 512, 512), 32) == 1


def test_a_file_without_samples_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "samples.json"
    for text in ("{}", "[", '{"inputs": [["a"]], "labels": [1]}'):
        path.write_text(text)
        with pytest.raises(ExportError, match=r"samples\.json holds no samples"):
            samples_file.load(path)
