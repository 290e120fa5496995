"""A report as Markdown."""

from __future__ import annotations

from server.studies.report.content import Report


def markdown(report: Report) -> str:
    """A heading, the table with a link to each run, verdicts, notes, references, the command."""
    columns = [*report.columns, "runs"]
    lines = [f"# {_plain(report.title)}", "", _line(columns), _line(["---"] * len(columns))]
    for row in report.rows:
        texts = [_plain(text) for text in report.texts(row)]
        if row.best:
            place = len(report.factors)
            texts[place] = f"**{texts[place]}**"
        if row.baseline:
            texts[len(report.factors) + 3] = "baseline"
        runs = " ".join(
            f"[{number}]({report.link(run_id)})" for number, run_id in enumerate(row.run_ids, 1)
        )
        lines.append(_line([*texts, runs]))
    if report.verdicts:
        lines += ["", *(f"- {_plain(sentence)}" for sentence in report.verdicts)]
    lines += ["", *(_plain(note) for note in report.notes)]
    if report.references:
        lines += ["", "Reference values, not measured here:", ""]
        lines += [
            f"- {_plain(item.name)}: {item.value:g} ({_plain(item.source)})"
            for item in report.references
        ]
    return "\n".join([*lines, "", f"`{report.command}`", ""])


def _line(texts: list[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _plain(text: str) -> str:
    for sign in "\\`*_[]<>|":
        text = text.replace(sign, f"\\{sign}")
    return text
