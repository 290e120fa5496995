"""A report as CSV: texts as in the other formats, one row a cell."""

from __future__ import annotations

import csv
import io

from server.studies.report.content import MINUS, Report

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(report: Report) -> str:
    """Comma-separated, with a header; runs are addresses with spaces between."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*report.columns, "baseline", "runs"])
    for row in report.rows:
        texts = [text.replace(MINUS, "-") for text in report.texts(row)]
        names, numbers = texts[: len(row.levels)], texts[len(row.levels) :]
        runs = " ".join(report.link(run_id) for run_id in row.run_ids)
        baseline = "yes" if row.baseline else "no"
        writer.writerow([*map(_harmless, names), *numbers, baseline, runs])
    return out.getvalue()


def _harmless(text: str) -> str:
    """A level that a spreadsheet would take for a formula is marked as text."""
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
