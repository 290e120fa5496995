"""Reports of a study: one content, written as Markdown, LaTeX, CSV or HTML."""

from server.studies.report.as_csv import as_csv
from server.studies.report.as_html import html
from server.studies.report.as_latex import latex
from server.studies.report.as_markdown import markdown
from server.studies.report.content import Reference, Report, make_report

__all__ = ["Reference", "Report", "as_csv", "html", "latex", "make_report", "markdown"]
