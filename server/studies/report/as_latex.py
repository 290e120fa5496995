"""A report as a LaTeX table with booktabs."""

from __future__ import annotations

from server.studies.report.content import MINUS, Report

_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "±": r"$\pm$",
    MINUS: r"$-$",
}


def latex(report: Report) -> str:
    r"""A `table` that needs \usepackage{booktabs}; each row's runs stand in a comment behind it."""
    numbers = len(report.columns) - len(report.factors)
    lines = [
        r"% needs \usepackage{booktabs}",
        f"% {_comment(report.command)}",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_caption(report)}}}",
        rf"\begin{{tabular}}{{{'l' * len(report.factors)}{'r' * numbers}}}",
        r"\toprule",
        rf"{' & '.join(map(escape, report.columns))} \\",
        r"\midrule",
    ]
    for row in report.rows:
        texts = [escape(text) for text in report.texts(row)]
        if row.best:
            place = len(report.factors)
            texts[place] = rf"\textbf{{{texts[place]}}}"
        if row.baseline:
            texts[len(report.factors) + 3] = "baseline"
        # A bracket right behind \\ would be taken for its argument.
        lines.append(rf"{' & '.join(texts)} \\{{}} % {_comment(' '.join(row.run_ids))}")
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\par\smallskip {escape(sentence)}." for sentence in report.verdicts]
    lines += [
        rf"\par\smallskip Reference: {escape(item.name)} {item.value:g} ({escape(item.source)})."
        for item in report.references
    ]
    return "\n".join([*lines, r"\end{table}", ""])


def escape(text: str) -> str:
    """Text as LaTeX prints it."""
    return "".join(_SIGNS.get(sign, sign) for sign in text)


def _caption(report: Report) -> str:
    return escape(" ".join([f"{report.title}.", *report.notes]))


def _comment(text: str) -> str:
    return " ".join(text.split())
