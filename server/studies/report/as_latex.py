"""A report as a LaTeX table with booktabs, which pdfLaTeX, XeLaTeX and LuaLaTeX take as it is."""

from __future__ import annotations

import re

from server.studies.report.content import MINUS, Report

# ruff: noqa: RUF001  the signs below are meant

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
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "≈": r"$\approx$",
    "∞": r"$\infty$",
    "√": r"$\surd$",
    MINUS: r"$-$",
}
_GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "η": "eta",
    "θ": "theta",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "τ": "tau",
    "φ": "phi",
    "ω": "omega",
    "Δ": "Delta",
    "Σ": "Sigma",
    "Ω": "Omega",
}
_FOREIGN = re.compile("[^\x20-\x7e\xa0-\u017f‐‑‒–—―‖‘’“”†‡•…‰€™]|[«»ÐÞðþĄąĐđĘęĦħĮįĸĿŀŉŊŋŦŧŲųſ]")
"""Signs for which pdfLaTeX has no letter of its own, in its usual encoding."""
_SHOWN = (
    r"\providecommand\unicodesign[2]{\ifdefined\XeTeXversion#1\else\ifdefined\directlua#1"
    r"\else[#2]\fi\fi}"
)
"""Shows a sign as it is where the engine can, and by its number where it cannot."""


def latex(report: Report) -> str:
    r"""A `table` that needs \usepackage{booktabs}; each row's runs stand in a comment behind it."""
    numbers = len(report.columns) - len(report.factors)
    lines = [
        r"% needs \usepackage{booktabs}",
        f"% {_one_line(report.command)}",
        r"\begin{table}",
        r"\centering\small\setlength{\tabcolsep}{4pt}",
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
        # A bracket or a star right behind the \\ of the row before would be taken for its argument.
        guard = "{}" if texts[0].startswith(("[", "*")) else ""
        lines.append(rf"{guard}{' & '.join(texts)} \\ % {' '.join(row.run_ids)}")
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [
        rf"\par\smallskip {escape(sentence).replace(' = ', '~=~')}." for sentence in report.verdicts
    ]
    lines += [
        rf"\par\smallskip Reference: {escape(item.name)} {item.value:g} ({escape(item.source)})."
        for item in report.references
    ]
    text = "\n".join([*lines, r"\end{table}", ""])
    return f"{_SHOWN}\n{text}" if r"\unicodesign{" in text else text


def escape(text: str) -> str:
    """Text as LaTeX prints it."""
    return re.sub("-(?=-)", "-{}", "".join(map(_escaped, _one_line(text))))


def _escaped(sign: str) -> str:
    if sign in _SIGNS:
        return _SIGNS[sign]
    if sign in _GREEK:
        return rf"$\{_GREEK[sign]}$"
    return f"\\unicodesign{{{sign}}}{{U+{ord(sign):04X}}}" if _FOREIGN.match(sign) else sign


def _caption(report: Report) -> str:
    return escape(" ".join([f"{report.title}.", *report.notes]))


def _one_line(text: str) -> str:
    return " ".join(text.split())
