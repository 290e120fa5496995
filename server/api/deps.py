"""What handlers ask for, as annotated aliases."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request

from server.api.services import Services


async def _services(request: Request) -> Services:
    # On the event loop: threads may all be waiting for a store that is away.
    services: Services = request.app.state.services
    return services


Service = Annotated[Services, Depends(_services)]

_ID = r"^[A-Za-z0-9_-]{1,64}$"

RunId = Annotated[str, Path(description="Id of a run.", pattern=_ID)]
StudyId = Annotated[str, Path(description="Id of a study.", pattern=_ID)]
ModelId = Annotated[str, Path(description="Id of a folded model.", pattern=_ID)]
WorkerId = Annotated[
    str, Path(description="Id of a worker.", pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$")
]
ArtifactId = Annotated[str, Path(description="Id of an artifact.", pattern=_ID)]

OfRun = Annotated[str | None, Query(description="Only of this run.", pattern=_ID)]
OfStudy = Annotated[str | None, Query(description="Only of this study.", pattern=_ID)]

Limit = Annotated[int, Query(ge=1, le=200, description="Most items of this page.")]
Cursor = Annotated[
    str | None,
    Query(max_length=200, description="next_cursor of the page before; empty for the first page."),
]

Deleted = Annotated[
    bool,
    Query(description="Those that were deleted and can be brought back, instead of the others."),
]

Archived = Annotated[
    bool,
    Query(
        description="Those that were archived, alone or with their study, instead of the others."
    ),
]

OfExperiment = Annotated[
    str | None,
    Query(description="Only of this experiment.", max_length=200, pattern=r"^[^\x00]*$"),
]

SearchText = Annotated[
    str | None,
    Query(
        alias="q",
        description="Only where every word occurs, in either case: in the name, the experiment, "
        "a tag, the notes, or as an id or a start or an end of one.",
        max_length=500,
        pattern=r"^[^\x00]*$",
    ),
]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Made by the client: a request sent again with it creates nothing twice.",
        pattern=r"^[\x21-\x7e]{1,200}$",
    ),
]
