from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from rscore.spec import RunSpec
from rscore.training.threads import fitting_threads


@pytest.fixture
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_two_threads")
@pytest.mark.parametrize(
    ("spec", "threads"), [(RunSpec(), 1), (RunSpec(dataset="fashion-mnist", batch_size=128), 2)]
)
def test_a_small_network_gets_one_thread(spec: RunSpec, threads: int) -> None:
    with fitting_threads(spec):
        assert torch.get_num_threads() == threads
    assert torch.get_num_threads() == 2
