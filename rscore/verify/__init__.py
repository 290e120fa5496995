"""Checks a downloaded model from its files alone: `python -m rscore.verify DIR`.

Every file is compared with its SHA-256 in certificate.json before it is read. Then the trained
network is built again from its weights, folded and proved on the samples that travel with the
model, and each exported file is run by its own runtime. It executes nothing from the files, so a
.pt2 program, whose reader does, is run only when asked for with --run-pt2.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from torch import nn

from rscore.verify.files import consistent, intact_files, read_certificate
from rscore.verify.model import Model
from rscore.verify.report import Check, Report

__all__ = ["Check", "Report", "verify"]


def verify(
    folder: str | PathLike[str], *, network: nn.Module | None = None, run_pt2: bool = False
) -> Report:
    """Checks the files of one model against each other and proves its fold again.

    Args:
        folder: with certificate.json and the files beside it.
        network: the trained network, in eval mode, where no specification builds it; its weights
            are compared with those that were certified.
        run_pt2: run folded.pt2 as well; its reader executes what the file tells it to.
    """
    report = Report(Path(folder))
    document = read_certificate(report)
    if document is None:
        return report
    report.verdict = document["verdict"]
    intact = intact_files(report, document)
    report.attempt("certificate", lambda: consistent(document, intact))
    Model(report, document, intact).check(network, run_pt2=run_pt2)
    return report
