"""The wire of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from server.api.schemas import Wire
from server.storage.webhooks import WebhookEvent

USUAL = [WebhookEvent.STUDY_ENDED, WebhookEvent.STUDY_PAUSED, WebhookEvent.RUN_FAILED]


class WebhookCreate(Wire):
    """An address to tell what happens."""

    url: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[!-~]+$")] = Field(
        description="Where to POST what happens: https://host/path."
    )
    events: list[WebhookEvent] = Field(
        USUAL, min_length=1, max_length=20, description="What to tell; the usual when left out."
    )


class WebhookRead(Wire):
    """An address that is told what happens."""

    id: str
    url: str
    events: list[WebhookEvent]
    created_at: datetime


class WebhookCreated(WebhookRead):
    """A new webhook with its secret, which is shown this once."""

    secret: str = Field(description="Key of the signatures of all that it is sent.")


class WebhookList(Wire):
    """All webhooks."""

    items: list[WebhookRead]


class DeliveryRead(Wire):
    """One thing that a webhook is told."""

    id: str = Field(description="The header webhook-id: the same in every try.")
    event: Literal["study_ended", "study_paused", "run_failed", "run_ended", "ping"]
    state: Literal["waiting", "retrying", "delivered", "given_up"]
    tries: int
    next_at: datetime | None = Field(description="When it is tried next.")
    answer: str | None = Field(description="What the last try met: the HTTP status, or the error.")
    payload: dict[str, Any] = Field(description="The body that is sent.")
    created_at: datetime
    delivered_at: datetime | None


class DeliveryPage(Wire):
    """One page of deliveries."""

    items: list[DeliveryRead]
    next_cursor: str | None
    total: int
