"""Reports: the same content in every format, nothing left out and nothing that breaks a format."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
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
    "element": [0.89, 0.92],
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
    body = [line for line in text.splitlines() if r" \\ % run" in line]
    assert [line.partition(" &")[0] for line in body] == ["channel", "binary", "element"]
    assert "run_channel4" in body[0].partition("%")[2]
    assert "difference (points)" in text


def test_csv_reads_back_and_no_level_is_a_formula() -> None:
    cells = tabulate([{"granularity": "=1+1"}], ["granularity"], [])
    harmful = report(cells=cells, baseline=cells[0], comparisons=[None])
    rows = list(csv.reader(io.StringIO(as_csv(harmful))))
    assert rows[1][0] == "'=1+1"
    header, *body = csv.reader(io.StringIO(as_csv(report())))
    assert {len(row) for row in body} == {len(header)}
    assert body[1][-2:] == ["yes", " ".join(f"http://lab/runs/run_binary{n}" for n in range(5))]


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


def test_the_best_cell_stands_first_and_one_without_a_value_last() -> None:
    cells = tabulate([{"granularity": "layer"}, *CELLS], ["granularity"], results())
    for goal, order in (
        ("maximize", ["channel", "binary", "element", "layer"]),
        ("minimize", ["element", "binary", "channel", "layer"]),
    ):
        comparisons = compare(cells, cells[1], metric="test_acc", goal=goal)
        found = report(cells=cells, baseline=cells[1], comparisons=comparisons, goal=goal)
        assert [row.levels[0] for row in found.rows] == order
        assert [row.baseline for row in found.rows] == [name == "binary" for name in order]
        assert [sentence.split()[0] for sentence in found.verdicts] == [
            name for name in order if name != "binary"
        ]


def test_the_command_names_a_metric_that_is_not_the_study_s_own() -> None:
    assert report().command == "realspike study report stu_1"
    other = report(own_metric=False, metric="synops")
    assert other.command == "realspike study report stu_1 --metric synops"
    assert "difference" in other.columns


STRANGE = (
    r"a_b 100 % & $x$ #1 ^2 ~3 \cmd {braces} <tag> 'q' `g` \"d\" |p| -- --- [x] 5 @ ! ? *",
    "[bracket] caf\u00e9 3\u00d73 1\u20132 \u2014 \u00ab\u00bb \u0105\u0153\u00df",
    "* \u03b1\u03bb\u0394 \u2264 \u2212 \u00b0",
    "\u4e2d\u6587 \u0436 \u05d0 \U0001f41f \u2192",
)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_pdflatex_compiles_whatever_a_name_holds(tmp_path: Path) -> None:
    """TeX Live's base and recommended packages are enough (Debian: texlive-latex-recommended)."""
    cells = tabulate([{"granularity": name} for name in STRANGE], ["granularity"], [])
    strange = report(
        title=" ".join(STRANGE),
        cells=cells,
        baseline=cells[0],
        comparisons=[None] * len(cells),
        metric=STRANGE[0],
        factors=["granularity"],
        references=[Reference(name, 1.0, name) for name in STRANGE],
    )
    tables = "\n".join(latex(each) for each in (report(), strange))
    document = (
        "\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n\\listoftables\n"
        f"{tables}\\end{{document}}\n"
    )
    (tmp_path / "report.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    for _ in range(2):  # the second pass reads the list of tables that the first wrote
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    assert "Missing character" not in (tmp_path / "report.log").read_text(errors="replace")
