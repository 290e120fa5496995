"""Chaos in its short form, in both modes: nothing is lost, doubled or left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.suite import MODES, Plan, run

SHORT = Plan(
    seed=1,
    runs=6,
    faults=6,
    workers=2,
    epochs=12,
    seeds=1,
    gap=(0.5, 1.5),
    settle_seconds=120,
)


@pytest.mark.parametrize("mode", sorted(MODES))
def test_nothing_is_lost(mode: str, tmp_path: Path) -> None:
    with MODES[mode](tmp_path / "stage", workers=SHORT.workers) as stage:
        report = run(stage, SHORT, log=tmp_path / "faults.jsonl", say=print)

    assert report.violations == 0, report.text()
    assert report.log.kinds.total() == SHORT.faults
    assert report.log.struck.total() > 0, report.text()
    assert all(finding.looked_at for finding in report.findings if finding.check != "overlaps")
