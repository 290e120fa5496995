"""What a valid study document says that has no effect, told to whoever submits it."""

from __future__ import annotations

from server.studies.expand import Plan, fixed_fields
from server.studies.metrics import AT_THE_END
from server.studies.spec import StudyDocument

_SCRIPTS = ("program", "command")
_PLACES = ("project", "entity")
_EPOCHS = 8
"""Of a run that does not say."""


def remarks(document: StudyDocument, plan: Plan) -> list[str]:
    """One sentence for each part of the document that is accepted and not used."""
    found = [*_of_other_tools(document)]
    if 0 < len(plan.cells) == document.run_cap and not document.searches and not document.ablate:
        found.append(f"run_cap: only the first {document.run_cap} runs of the grid are made")
    if document.metric.target is not None and not document.searches:
        found.append("metric.target: only a sweep that draws stops there; a grid goes to its end")
    if (late := _never_stops(document)) is not None:
        found.append(f"early_terminate: {late}, so no run is stopped early")
    return found


def _of_other_tools(document: StudyDocument) -> list[str]:
    given = [name for name in _SCRIPTS if getattr(document, name) is not None]
    found = []
    if given:
        found.append(
            f"{' and '.join(given)}: not used; what is trained is this service's own training"
        )
    given = [name for name in _PLACES if getattr(document, name) is not None]
    if given:
        found.append(f"{' and '.join(given)}: not used; studies are grouped by experiment")
    return found


def _never_stops(document: StudyDocument) -> str | None:
    early = document.early_terminate
    if early is None:
        return None
    if document.metric.name in AT_THE_END:
        return f"{document.metric.name} is measured once, at the end of a run"
    varies = "epochs" in document.parameters and not document.parameters["epochs"].fixed
    epochs = fixed_fields(document).get("epochs", _EPOCHS)
    if not varies and isinstance(epochs, int) and early.first_epoch(epochs) is None:
        return f"its first epoch is not below the {epochs} epochs of a run"
    return None
