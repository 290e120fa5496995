"""News: new events become deliveries of the webhooks that asked for them.

How far a webhook has read moves in the transaction that adds its deliveries, and the id of a
delivery follows from what it tells; so a scheduler that is killed, or a second one, neither
loses nor doubles any.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.storage import events
from server.storage.clock import now
from server.storage.ids import id_of
from server.storage.models import Event, Run, Study, Webhook, WebhookDelivery
from server.storage.states import TERMINAL, RunSource, RunStatus
from server.storage.studies import study_counts, study_status
from server.storage.webhooks import WebhookEvent

TELLING = ("run", "study")
"""Kinds of events that may be news; most are not, such as metrics."""
PAGE = 500
"""Telling events of one transaction."""
UNREAD = 1000
"""Events that may lie unread while none of them tells anything."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened."""

    name: WebhookEvent
    event_id: int
    """The event that brought it up."""
    key: str
    """The same however often it is brought up."""
    moment: datetime
    about: dict[str, Any]


def has_news(session: Session) -> bool:
    """True when it is time to `collect`."""
    read = session.scalar(select(func.min(Webhook.seen_event)))
    if read is None:
        return False
    if events.newest_id(session) - read > UNREAD:
        return True
    query = select(Event.id).where(Event.id > read, Event.kind.in_(TELLING)).limit(1)
    return session.scalar(query) is not None


def collect(session: Session) -> int:
    """Turn the next events into deliveries; returns how many deliveries that made."""
    query = select(Webhook).order_by(Webhook.id).with_for_update(skip_locked=True)
    webhooks = list(session.scalars(query.execution_options(populate_existing=True)))
    if not webhooks:
        return 0
    read = min(webhook.seen_event for webhook in webhooks)
    # First the newest id: whatever commits after it has a higher one, and waits for the next time.
    newest = events.newest_id(session)
    fresh = _telling(session, read, newest)
    upto = fresh[-1].id if len(fresh) == PAGE else newest
    ends = _ends(session, fresh)
    news = [*_of_runs(ends), *_of_studies(session, fresh, ends)]
    made = 0
    for webhook in webhooks:
        for each in news:
            if each.event_id > webhook.seen_event and each.name in webhook.events:
                made += _add(session, webhook, each)
        webhook.seen_event = max(webhook.seen_event, upto)
    return made


def _telling(session: Session, after: int, upto: int) -> list[Event]:
    query = (
        select(Event)
        .where(Event.id > after, Event.id <= upto, Event.kind.in_(TELLING))
        .order_by(Event.id)
        .limit(PAGE)
    )
    return list(session.scalars(query))


def _add(session: Session, webhook: Webhook, news: News) -> int:
    """1 when the delivery is new."""
    delivery_id = id_of("dlv", news.moment, f"{webhook.id} {news.name} {news.key}")
    if session.get(WebhookDelivery, delivery_id) is not None:
        return 0
    moment = now(session)
    session.add(
        WebhookDelivery(
            id=delivery_id,
            webhook_id=webhook.id,
            event=news.name,
            payload={
                "type": str(news.name),
                "timestamp": news.moment.isoformat(),
                "data": news.about,
            },
            tries=0,
            next_at=moment,
            created_at=moment,
        )
    )
    return 1


def _ends(session: Session, fresh: Sequence[Event]) -> list[tuple[Event, Run]]:
    """Events that are the end of a run, with the run; one that was purged since is left out."""
    ends = [event for event in fresh if event.run_id is not None and _is_end(event)]
    query = select(Run).where(Run.id.in_({event.run_id for event in ends}))
    runs = {run.id: run for run in session.scalars(query)}
    return [(event, runs[event.run_id]) for event in ends if event.run_id in runs]


def _of_runs(ends: Sequence[tuple[Event, Run]]) -> Iterable[News]:
    for event, run in ends:
        told = {"run": _run(run, event)}
        key = f"event {event.id}"
        if event.data["status"] == RunStatus.FAILED:
            yield News(WebhookEvent.RUN_FAILED, event.id, key, event.created_at, told)
        yield News(WebhookEvent.RUN_ENDED, event.id, key, event.created_at, told)


def _is_end(event: Event) -> bool:
    """True for the change itself; what was changed about a run that had ended tells no end."""
    was, status = event.data.get("was"), event.data.get("status")
    return status in TERMINAL and was is not None and was not in TERMINAL


def _run(run: Run, event: Event) -> dict[str, Any]:
    told = event.data
    # What the row says of its end is this end's, unless the run was tried again meanwhile.
    same = run.status == told["status"] and run.attempt == told["attempt"]
    return {
        "id": run.id,
        "name": run.name,
        "experiment": run.experiment,
        "study_id": run.study_id,
        "tags": run.tags,
        "status": told["status"],
        "reason": told["reason"],
        "detail": run.detail if same else None,
        "attempt": told["attempt"],
    }


def _of_studies(
    session: Session, fresh: Sequence[Event], ends: Sequence[tuple[Event, Run]]
) -> Iterable[News]:
    newest = {
        run.study_id: event
        for event, run in ends
        if run.study_id and run.source == RunSource.WORKER
    }
    for event in fresh:
        if event.kind == "study" and event.data.get("notice"):
            yield from _paused(session, event)
        if event.study_id is not None and event.data.get("ended"):
            newest[event.study_id] = event
    studies = list(
        session.scalars(
            select(Study).where(Study.id.in_(newest), Study.deleted_at.is_(None)).order_by(Study.id)
        )
    )
    counts = study_counts(session, [study.id for study in studies])
    moments = _last_ends(session, [study.id for study in studies])
    for study in studies:
        status = study_status(counts[study.id], study)
        moment = max(filter(None, (moments.get(study.id), study.cancelled_at)), default=None)
        if status not in ("finished", "cancelled") or moment is None:
            continue
        told = {"study": _study(study, status, counts[study.id])}
        # Not the event: of the last ends, each may find that the study has ended.
        key = f"{study.id} {moment.isoformat()}"
        yield News(WebhookEvent.STUDY_ENDED, newest[study.id].id, key, moment, told)


def _paused(session: Session, event: Event) -> Iterable[News]:
    study = session.get(Study, event.study_id)
    if study is not None:
        counts = study_counts(session, [study.id])[study.id]
        told = {**_study(study, "paused", counts), "notice": event.data["notice"]}
        key = f"event {event.id}"
        yield News(WebhookEvent.STUDY_PAUSED, event.id, key, event.created_at, {"study": told})


def _study(study: Study, status: str, counts: dict[RunStatus, int]) -> dict[str, Any]:
    return {
        "id": study.id,
        "name": study.name,
        "experiment": study.experiment,
        "status": status,
        "notice": None,
        "counts": {str(each): count for each, count in counts.items()},
    }


def _last_ends(session: Session, study_ids: Sequence[str]) -> dict[str, datetime]:
    """When the last run of each study ended."""
    query = (
        select(Run.study_id, func.max(Run.finished_at))
        .where(Run.study_id.in_(study_ids), Run.deleted_at.is_(None))
        .where(Run.source == RunSource.WORKER)  # as where a study stands is judged by
        .group_by(Run.study_id)
    )
    return {str(study_id): moment for study_id, moment in session.execute(query) if moment}
