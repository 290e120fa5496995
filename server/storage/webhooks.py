"""Webhooks: addresses that are told when a study ends or a run fails."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from server.errors import ConflictError, NotFoundError
from server.storage import events
from server.storage.clock import now
from server.storage.ids import new_id
from server.storage.models import Webhook, WebhookDelivery
from server.webhooks.signing import new_secret

MOST = 50
"""Webhooks that there may be: each is told of everything."""


class WebhookEvent(StrEnum):
    """What a webhook may be told of."""

    STUDY_ENDED = "study_ended"
    """Every run of a study has ended, by itself or because a person cancelled it."""
    STUDY_PAUSED = "study_paused"
    """The service itself paused a study, and says why."""
    RUN_FAILED = "run_failed"
    """A run has failed."""
    RUN_ENDED = "run_ended"
    """A run has ended, however."""


PING = "ping"
"""What a test of a webhook sends; nobody has to ask for it."""


def add_webhook(session: Session, *, url: str, told: list[WebhookEvent]) -> Webhook:
    """A new webhook, which is told what happens from now on.

    Raises ConflictError when there are as many as there may be.
    """
    if (session.scalar(select(func.count()).select_from(Webhook)) or 0) >= MOST:
        raise ConflictError(f"there are {MOST} webhooks already; remove one first")
    webhook = Webhook(
        id=new_id("hook"),
        url=url,
        secret=new_secret(),
        events=[str(each) for each in dict.fromkeys(told)],
        seen_event=events.newest_id(session),
        created_at=now(session),
    )
    session.add(webhook)
    return webhook


def get_webhook(session: Session, webhook_id: str) -> Webhook:
    """The webhook; raises NotFoundError."""
    webhook = session.get(Webhook, webhook_id)
    if webhook is None:
        raise NotFoundError("webhook", webhook_id)
    return webhook


def list_webhooks(session: Session) -> list[Webhook]:
    """Every webhook, newest first."""
    return list(session.scalars(select(Webhook).order_by(Webhook.id.desc())))


def remove_webhook(session: Session, webhook_id: str) -> None:
    """Forget a webhook and all that it was told; raises NotFoundError."""
    query = select(Webhook).where(Webhook.id == webhook_id).with_for_update()
    webhook = session.scalars(query).one_or_none()
    if webhook is None:
        raise NotFoundError("webhook", webhook_id)
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id))
    session.delete(webhook)
