from pathlib import Path

import pytest
import torch
from torch import Tensor

from rscore.errors import ExportError
from rscore.export.parity import Parity, Reference, compare

LOGITS = torch.eye(10)


def compared(logits: Tensor, reference: Reference) -> Parity:
    return compare(
        kind="onnx", path=Path("a.onnx"), runtime="x 1", logits=logits, reference=reference
    )


def test_single_samples_may_hold_a_flipped_spike() -> None:
    logits = LOGITS.clone()
    logits[:4] += 0.1
    parity = compared(logits, Reference(LOGITS))
    assert (parity.samples, parity.agreement, parity.within_tolerance) == (10, 10, 6)
    assert parity.max_abs_logit_diff == pytest.approx(0.1)


def test_a_shift_of_most_samples_is_another_network() -> None:
    logits = LOGITS.clone()
    logits[:6] += 2e-4
    with pytest.raises(ExportError, match=r"a\.onnx run by x 1 is not the folded network: 4 of 10"):
        compared(logits, Reference(LOGITS))


def test_a_deep_network_is_measured_by_what_rounding_does_to_it() -> None:
    """Where float32 moves the median sample by 0.05, a runtime may move it by thrice as much."""
    reference = Reference(LOGITS, rounding=0.05)
    assert compared(LOGITS + 0.14, reference).within_tolerance == 0
    with pytest.raises(ExportError, match=r"agree to 0\.2"):
        compared(LOGITS + 0.16, reference)


def test_other_classes_are_another_network() -> None:
    logits = LOGITS.clone()
    logits[0, 1] = 2.0
    with pytest.raises(ExportError, match="9 in class"):
        compared(logits, Reference(LOGITS))
    assert compared(logits, Reference(LOGITS, agreement=0.9)).agreement == 9


def test_nothing_is_near_to_a_logit_that_is_no_number() -> None:
    with pytest.raises(ExportError, match="inf"):
        compared(LOGITS * torch.nan, Reference(LOGITS))
