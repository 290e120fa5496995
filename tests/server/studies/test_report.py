"""Reports: the same content in every format, nothing left out and nothing that breaks a format."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from typing import Any

import pytest

from server.studies.comparison import baseline_of, compare, label
from server.studies.report import Reference, Report, as_csv, html, latex, make_report, markdown
from server.studies.table import RunResult, tabulate

CELLS: list[dict[str, Any]] = [
    {"granularity": "binary"},
    {"granularity": "channel"},
    {"granularity": "element"},
]
ACCURACIES = {
    "binary": [0.90, 0.91, 0.92, 0.905, 0.915],
    "channel": [0.904, 0.915, 0.923, 0.909, 0.920],
    "element": [0.89, 0.93],
}


def results() -> list[RunResult]:
    found = [
        RunResult(
            f"run_{name}{seed}", "succeeded", {"granularity": name, "seed": seed}, {"test_acc": acc}
        )
        for name, accuracies in ACCURACIES.items()
        for seed, acc in enumerate(accuracies)
    ]
    failed = {"granularity": "element", "seed": 2}
    return [*found, RunResult("run_failed", "failed", failed, {"test_acc": 0.1})]


def report(**changes: Any) -> Report:
    cells = tabulate(CELLS, ["granularity"], results())
    baseline = baseline_of(cells, None)
    assert baseline is not None
    given = {
        "title": "digits: 50 % of the_data & <more>",
        "study_id": "stu_1",
        "metric": "test_acc",
        "goal": "maximize",
        "factors": ["granularity"],
        "cells": cells,
        "baseline": baseline,
        "comparisons": compare(cells, baseline, metric="test_acc", goal="maximize"),
        "planned": 5,
        "references": [Reference("Real Spike, CIFAR-100", 66.6, "ECCV 2022, second-hand")],
        "run_url": "http://lab/runs/",
    }
    return make_report(**{**given, **changes})


def test_cells_are_paired_by_seed_and_corrected_for_each_other() -> None:
    cells = tabulate(CELLS, ["granularity"], results())
    none, channel, element = compare(cells, cells[0], metric="test_acc", goal="maximize")
    assert none is None
    assert channel is not None
    assert element is not None
    assert channel.paired is not None
    assert element.paired is not None
    assert (channel.paired.n, element.paired.n) == (5, 2)
    assert channel.p == pytest.approx(2 * (channel.paired.p_t or 0))
    assert channel.verdict.sentence.startswith("channel beats binary by 0.42 ± ")


def test_a_baseline_can_be_named() -> None:
    cells = tabulate(CELLS, ["granularity"], results())
    assert baseline_of(cells, {"granularity": "channel"}) is cells[1]
    assert baseline_of(cells, {"granularity": "layer"}) is cells[0]
    assert baseline_of([], None) is None


def test_labels_name_only_what_differs() -> None:
    one, other = {"decay": 0.5, "num_timesteps": 4}, {"decay": 0.25, "num_timesteps": 4}
    assert label(one, other) == "decay 0.5"
    assert label({"decay": 0.5, "num_timesteps": 2}, other) == "decay=0.5 num_timesteps=2"
    assert label({"granularity": "layer"}, {"granularity": "binary"}) == "layer"


def test_failed_and_missing_runs_are_named_in_every_format() -> None:
    for text in (markdown(report()), latex(report()), html(report())):
        assert "3 runs are not in the mean, 1 of them failed" in text
    assert "2 of 5" in as_csv(report())


def test_a_cell_without_any_run_is_there() -> None:
    cells = tabulate([*CELLS, {"granularity": "layer"}], ["granularity"], results())
    baseline = cells[0]
    found = report(
        cells=cells,
        baseline=baseline,
        comparisons=compare(cells, baseline, metric="test_acc", goal="maximize"),
    )
    assert found.rows[3].mean == "missing"
    assert "layer and binary have no seed in common yet" in found.verdicts


def test_markdown_escapes_and_links_every_run() -> None:
    text = markdown(report())
    assert "# digits: 50 % of the\\_data & \\<more\\>" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1
    for name, accuracies in ACCURACIES.items():
        for seed in range(len(accuracies)):
            assert f"(http://lab/runs/run_{name}{seed})" in text
    assert "**91.42 ± 0.78**" in text
    assert "Real Spike, CIFAR-100: 66.6 (ECCV 2022, second-hand)" in text
    assert "`realspike study report stu_1`" in text


def test_latex_escapes_what_latex_would_read() -> None:
    text = latex(report())
    assert r"digits: 50 \% of the\_data \& $<$more$>$." in text
    assert r"test\_acc, mean $\pm$ std (\%)" in text
    body = [line for line in text.splitlines() if r"\\{}" in line]
    assert [line.partition(" &")[0] for line in body] == ["binary", "channel", "element"]
    assert "run_channel4" in body[1].partition("%")[2]


def test_csv_reads_back_and_no_level_is_a_formula() -> None:
    cells = tabulate([{"granularity": "=1+1"}], ["granularity"], [])
    harmful = report(cells=cells, baseline=cells[0], comparisons=[None])
    rows = list(csv.reader(io.StringIO(as_csv(harmful))))
    assert rows[1][0] == "'=1+1"
    header, *body = csv.reader(io.StringIO(as_csv(report())))
    assert {len(row) for row in body} == {len(header)}
    assert body[0][-2:] == ["yes", " ".join(f"http://lab/runs/run_binary{n}" for n in range(5))]


class Tags(HTMLParser):
    """Tags that are open, and every link."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_well_formed_and_links_every_run() -> None:
    parser = Tags()
    parser.feed(html(report()))
    assert parser.open == []
    assert len(parser.links) == len(results())
    assert "<more>" not in html(report())
