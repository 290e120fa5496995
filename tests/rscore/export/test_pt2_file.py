import json
import re
import zipfile
from pathlib import Path

import pytest
import torch
from torch import Tensor

from rscore.errors import ExportError
from rscore.export import pt2_file
from rscore.export.parity import make_reference
from rscore.folding import fold
from rscore.folding.net import FoldedNet
from rscore.spec import RunSpec
from tests.support.networks import lively_network, sample_images

SPEC = RunSpec(width=4, granularity="element")
Saved = tuple[Path, FoldedNet, Tensor]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    inputs = sample_images(SPEC, 6)
    folded = fold(lively_network(SPEC), inputs[:1]).float()
    path = tmp_path_factory.mktemp("pt2") / "folded.pt2"
    pt2_file.save(folded, path, inputs, about={"proof_digest": "abc"})
    return path, folded, inputs


def test_torch_loads_it_and_runs_any_batch(saved: Saved) -> None:
    path, folded, inputs = saved
    program = torch.export.load(path).module()
    for count in (1, 3, 6):
        assert torch.equal(program(inputs[:count]), folded(inputs[:count]))


def test_parity_and_its_warning(saved: Saved) -> None:
    path, folded, inputs = saved
    parity = pt2_file.check(path, inputs, make_reference(lively_network(SPEC), folded, inputs))
    assert (parity.agreement, parity.max_abs_logit_diff) == (6, 0.0)
    assert "trust" in parity.notes[0]


def test_its_metadata_is_read_without_loading_the_program(saved: Saved, tmp_path: Path) -> None:
    assert pt2_file.metadata(saved[0]) == {"proof_digest": "abc"}
    other = tmp_path / "other.pt2"
    other.write_bytes(b"no archive")
    with pytest.raises(ExportError, match=r"other\.pt2 is not a \.pt2 file"):
        pt2_file.metadata(other)


def test_tensors_are_raw_bytes_and_no_path_of_this_machine_is_in_it(saved: Saved) -> None:
    with zipfile.ZipFile(saved[0]) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist() if "json" in name]
        (config,) = (text for text in texts if "use_pickle" in text and "weight" in text)
    assert not any(entry["use_pickle"] for entry in json.loads(config)["config"].values())
    assert not [text for text in texts if re.search(r"\.py\b", text)]
