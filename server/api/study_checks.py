"""Checks of a study document that need to know what was measured before."""

from __future__ import annotations

from rscore.spec import FieldProblem
from server.errors import StudyError
from server.storage.database import Database
from server.storage.metric_names import has_metric, recent_metrics
from server.studies.metrics import METRICS, is_measured
from server.studies.spec import StudyDocument
from server.studies.suggestions import metric_hint


def check_metrics(db: Database, document: StudyDocument) -> None:
    """Raise StudyError for a metric that no training has and that nobody has ever logged."""
    named = {
        "metric": document.metric.name,
        **{f"objectives.{place}": each.name for place, each in enumerate(document.objectives)},
    }
    doubtful = {path: name for path, name in named.items() if not is_measured(name)}
    if not doubtful:
        return
    with db.read() as session:
        problems = [
            FieldProblem(
                path=f"{path}.name",
                message=f"no training measures {name!r}, and no run has it",
                hint=metric_hint(name, {*METRICS, *recent_metrics(session)}),
            )
            for path, name in doubtful.items()
            if not has_metric(session, name)
        ]
    if problems:
        raise StudyError.of(problems)
