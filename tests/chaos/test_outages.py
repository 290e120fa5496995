"""The outage matrix in its short form: nothing that goes away for a moment costs anything."""

from __future__ import annotations

from pathlib import Path

from chaos.outages import matrix


def test_an_outage_of_any_part_costs_nothing(tmp_path: Path) -> None:
    _, rows = matrix(tmp_path / "stage", [1.0], epochs=24)

    assert [(row.part, row.status, row.attempts) for row in rows] == [
        ("API", "succeeded", 1),
        ("Redis", "succeeded", 1),
        ("Postgres", "succeeded", 1),
    ]
    assert [(row.lost, row.other_files) for row in rows] == [(0, 0)] * 3
    assert rows[0].meanwhile > 0
    assert rows[2].meanwhile == 0
