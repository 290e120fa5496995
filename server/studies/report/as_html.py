"""A report as one HTML page without scripts, to be sent on or opened from a disk."""

from __future__ import annotations

from html import escape

from server.studies.report.content import Report

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: 0.35rem 0.8rem; border-bottom: 1px solid #d0d4da; text-align: right; }
th.level, td.level { text-align: left; }
td { font-variant-numeric: tabular-nums; }
footer { color: #555; }
@media (prefers-color-scheme: dark) { body { background: #14161a; color: #e4e6ea; }
a { color: #8ab4f8; } footer { color: #a0a6b0; } th, td { border-color: #3a3f47; } }
"""


def html(report: Report) -> str:
    """The page: table, verdicts, notes, references, the command."""
    head = "".join(_cell("th", text, place, report) for place, text in enumerate(report.columns))
    body = "\n".join(_row(report, index) for index in range(len(report.rows)))
    verdicts = "".join(f"<li>{escape(sentence)}</li>" for sentence in report.verdicts)
    references = "".join(
        f"<li>{escape(item.name)}: {item.value:g} ({escape(item.source)})</li>"
        for item in report.references
    )
    parts = [
        f"<h1>{escape(report.title)}</h1>",
        f"<table><thead><tr>{head}<th>runs</th></tr></thead><tbody>\n{body}\n</tbody></table>",
        f"<ul>{verdicts}</ul>" if verdicts else "",
        f"<h2>Reference values, not measured here</h2><ul>{references}</ul>" if references else "",
        "<footer>",
        *(f"<p>{escape(note)}</p>" for note in report.notes),
        f"<p><code>{escape(report.command)}</code></p></footer>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(report.title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def _row(report: Report, index: int) -> str:
    row = report.rows[index]
    texts = report.texts(row)
    if row.baseline:
        texts[len(report.factors) + 3] = "baseline"
    cells = "".join(_cell("td", text, place, report) for place, text in enumerate(texts))
    runs = " ".join(
        f'<a href="{escape(report.link(run_id))}">{number}</a>'
        for number, run_id in enumerate(row.run_ids, 1)
    )
    weight = ' style="font-weight: 600"' if row.best else ""
    return f"<tr{weight}>{cells}<td>{runs}</td></tr>"


def _cell(tag: str, text: str, place: int, report: Report) -> str:
    kind = ' class="level"' if place < len(report.factors) else ""
    return f"<{tag}{kind}>{escape(text)}</{tag}>"
