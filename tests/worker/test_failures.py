from __future__ import annotations

import errno

import pytest
import torch

from rscore.errors import (
    CertificateError,
    CheckpointError,
    DatasetCorruptError,
    DatasetMissingError,
    ExportError,
    FoldError,
    NonFiniteLossError,
    SpecError,
)
from server.errors import MetricError, StorageUnavailableError
from worker.failures import DeviceMissingError, explain_failure, traceback_tail


def wrapped(error: OSError) -> StorageUnavailableError:
    outer = StorageUnavailableError("cannot store it")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "reason", "way_out"),
    [
        (SpecError("epochs: too many"), "spec_invalid", "change the named field and submit"),
        (DeviceMissingError("set REALSPIKE_DEVICE=cpu"), "device_missing", "REALSPIKE_DEVICE=cpu"),
        (DatasetMissingError("run this"), "dataset_missing", "run this"),
        (DatasetCorruptError("x.gz"), "dataset_corrupt", "realspike data fetch"),
        (NonFiniteLossError("nan; try an lr below 1"), "loss_not_finite", "try an lr below"),
        (CheckpointError("bad"), "checkpoint_unreadable", "starts from the beginning"),
        (FoldError("conv1", "no"), "fold_refused", "choose a network"),
        (CertificateError("differs"), "certificate_refused", "report"),
        (ExportError("differs"), "export_refused", "report"),
        (torch.OutOfMemoryError("CUDA out of memory"), "out_of_memory", "lower batch_size"),
        (MemoryError(), "out_of_memory", "lower batch_size"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
            "out_of_memory",
            "lower batch_size",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full", "free some space"),
        (wrapped(OSError(errno.ENOSPC, "No space left")), "disk_full", "free some space"),
        (wrapped(ConnectionError("reset")), "storage_unavailable", "last checkpoint"),
        (MetricError("no name"), "internal_error", "no name"),
        (ZeroDivisionError("1/0"), "internal_error", "the end of the run's log"),
        (RuntimeError("shapes differ"), "internal_error", "RuntimeError: shapes differ"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_each_error_has_a_reason_and_a_way_out(error: Exception, reason: str, way_out: str) -> None:
    failure = explain_failure(error)

    assert failure.reason == reason
    assert way_out in failure.detail
    assert "\n" not in failure.detail


def test_the_traceback_is_cut_to_its_end() -> None:
    def deep(left: int) -> None:
        if left == 0:
            raise KeyError("here")
        deep(left - 1)

    with pytest.raises(KeyError) as caught:
        deep(50)

    said = traceback_tail(caught.value)
    assert said.endswith("KeyError: 'here'")
    assert len(said.splitlines()) < 40
