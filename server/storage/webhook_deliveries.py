"""Deliveries: what a webhook is told, one try after the other until it is taken or given up.

A try is counted, and the next one set, before anything is sent. A scheduler that is killed in
between sends the same again later, under the same id, by which a receiver knows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import CursorResult, case, delete, func, select, update
from sqlalchemy.orm import Session

from server.storage.clock import now
from server.storage.ids import new_id
from server.storage.models import Webhook, WebhookDelivery
from server.storage.pages import Page, newest_first
from server.storage.texts import clean_text
from server.storage.webhooks import PING, get_webhook

MOST_TRIES = 7
FIRST_PAUSE = timedelta(seconds=10)
PAUSE_GROWS = 6
"""10 s, 1 min, 6 min, 36 min, 3.6 h, 21.6 h: a receiver may be away for a day."""
UNHEARD = timedelta(minutes=1)
"""A try of which nothing was recorded is over after so long: its scheduler was killed."""
LONGEST_ANSWER = 300
STATES = ("waiting", "retrying", "delivered", "given_up")


@dataclass(frozen=True, slots=True)
class Try:
    """One try at one delivery, and all that it needs."""

    delivery_id: str
    number: int
    url: str
    secret: str
    payload: dict[str, Any]


def state_of(delivery: WebhookDelivery) -> str:
    """Where a delivery stands: one of STATES."""
    if delivery.delivered_at is not None:
        return "delivered"
    if delivery.next_at is None:
        return "given_up"
    return "retrying" if delivery.tries else "waiting"


def deliveries_of(
    session: Session, webhook_id: str, *, limit: int = 50, cursor: str | None = None
) -> Page[WebhookDelivery]:
    """What a webhook was told and is to be told, newest first; raises NotFoundError."""
    get_webhook(session, webhook_id)
    query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    return newest_first(session, query, WebhookDelivery.id, limit=limit, cursor=cursor)


def add_ping(session: Session, webhook_id: str) -> WebhookDelivery:
    """A delivery that tells nothing, to try a webhook; raises NotFoundError."""
    get_webhook(session, webhook_id)
    moment = now(session)
    delivery = WebhookDelivery(
        id=new_id("dlv"),
        webhook_id=webhook_id,
        event=PING,
        payload={"type": PING, "timestamp": moment.isoformat(), "data": {}},
        tries=0,
        next_at=moment,
        created_at=moment,
    )
    session.add(delivery)
    return delivery


def due_webhooks(session: Session, *, limit: int) -> list[str]:
    """Webhooks that are to be told something now, the one that waits longest first."""
    query = (
        select(WebhookDelivery.webhook_id)
        .where(WebhookDelivery.next_at <= now(session))
        .group_by(WebhookDelivery.webhook_id)
        .order_by(func.min(WebhookDelivery.next_at), WebhookDelivery.webhook_id)
        .limit(limit)
    )
    return list(session.scalars(query))


def begin_try(session: Session, webhook_id: str) -> Try | None:
    """Count a try at the next due delivery of a webhook; None when none is due."""
    moment = now(session)
    due = (WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.next_at <= moment)
    session.execute(
        update(WebhookDelivery)
        .where(*due, WebhookDelivery.tries >= MOST_TRIES)
        .values(next_at=None)
        .execution_options(synchronize_session=False)
    )
    query = (
        select(WebhookDelivery)
        .where(*due)
        .order_by(WebhookDelivery.next_at, WebhookDelivery.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    delivery = session.scalars(query).one_or_none()
    if delivery is None:
        return None
    delivery.tries += 1
    delivery.next_at = moment + UNHEARD
    delivery.answer = "no answer was recorded"
    webhook = session.get_one(Webhook, webhook_id)
    return Try(delivery.id, delivery.tries, webhook.url, webhook.secret, delivery.payload)


def end_try(session: Session, tried: Try, *, answer: str, taken: bool, final: bool = False) -> None:
    """Record what a try came to; with `final`, there is no next one.

    A try that failed after the next had begun changes nothing, and neither does one of a webhook
    that was removed meanwhile.
    """
    query = select(WebhookDelivery).where(WebhookDelivery.id == tried.delivery_id)
    delivery = session.scalars(query.with_for_update()).one_or_none()
    if delivery is None or (not taken and delivery.tries != tried.number):
        return
    moment = now(session)
    delivery.answer = clean_text(answer, LONGEST_ANSWER)
    if taken:
        delivery.delivered_at = moment
        delivery.next_at = None
    elif final or delivery.tries >= MOST_TRIES:
        delivery.next_at = None
    else:
        delivery.next_at = moment + FIRST_PAUSE * PAUSE_GROWS ** (delivery.tries - 1)


def counts(session: Session) -> dict[str, int]:
    """How many deliveries are in each of STATES; states without any are left out."""
    state = case(
        (WebhookDelivery.delivered_at.is_not(None), "delivered"),
        (WebhookDelivery.next_at.is_(None), "given_up"),
        (WebhookDelivery.tries > 0, "retrying"),
        else_="waiting",
    ).label("state")
    query = select(state, func.count()).group_by(state)
    return {name: count for name, count in session.execute(query)}  # noqa: C416


def forget(session: Session, older_than: timedelta) -> int:
    """Forget deliveries that ended and are older than that; returns how many."""
    past = now(session) - older_than
    result = session.execute(
        delete(WebhookDelivery).where(
            WebhookDelivery.next_at.is_(None), WebhookDelivery.created_at < past
        )
    )
    return result.rowcount if isinstance(result, CursorResult) else 0
