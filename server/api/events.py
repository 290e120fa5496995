"""Route of live events, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from server.api.deps import OfRun, OfStudy, Service
from server.api.responses import problems
from server.api.schemas import EventRead
from server.api.services import Services
from server.storage import runs, studies

router = APIRouter(tags=["events"])

RETRY_MILLISECONDS = 2000
LARGEST_ID = 2**63 - 1


class EventStreamResponse(StreamingResponse):
    """A stream of server-sent events."""

    media_type = "text/event-stream"


@router.get(
    "/events",
    response_class=EventStreamResponse,
    responses={
        200: {"model": EventRead, "description": "A stream; each `data` is one EventRead."},
        **problems(404, 422),
    },
)
async def stream_events(
    services: Service,
    run_id: OfRun = None,
    study_id: OfStudy = None,
    last_event_id: Annotated[
        int | None,
        Query(ge=0, le=LARGEST_ID, description="Go on after this event; like Last-Event-ID."),
    ] = None,
    resume: Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=LARGEST_ID)] = None,
) -> EventStreamResponse:
    """Follow what changes, from now on or from the event after Last-Event-ID."""
    await run_in_threadpool(_check, services, run_id, study_id)
    newest = await services.hub.newest_id()
    asked = last_event_id if resume is None else resume
    position = newest if asked is None else min(asked, newest)
    return EventStreamResponse(
        _stream(services, position, run_id, study_id),
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _stream(
    services: Services, position: int, run_id: str | None, study_id: str | None
) -> AsyncIterator[bytes]:
    # An id without data is no event, but a client that loses the line here resumes from it.
    yield f"retry: {RETRY_MILLISECONDS}\nid: {position}\n\n".encode()
    async for frame in services.hub.follow(position, run_id=run_id, study_id=study_id):
        yield frame


def _check(services: Services, run_id: str | None, study_id: str | None) -> None:
    with services.db.read() as session:
        if run_id is not None:
            runs.get_run(session, run_id)
        if study_id is not None:
            studies.get_study(session, study_id)
