"""Routes of webhooks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from server.api.deps import Cursor, IdempotencyKey, Limit, Service
from server.api.idempotency import once
from server.api.responses import problems
from server.api.webhook_schemas import (
    DeliveryPage,
    DeliveryRead,
    WebhookCreate,
    WebhookCreated,
    WebhookList,
    WebhookRead,
)
from server.errors import ConflictError, NotFoundError
from server.storage import webhook_deliveries, webhooks
from server.storage.models import WebhookDelivery
from server.webhooks.addresses import callable_addresses

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

WebhookId = Annotated[str, Path(description="Id of a webhook.", pattern=r"^[A-Za-z0-9_-]{1,64}$")]


@router.post("", status_code=201, responses=problems(400, 409, 413, 422))
def create_webhook(
    body: WebhookCreate, services: Service, response: Response, key: IdempotencyKey = None
) -> WebhookCreated:
    """Tell an address what happens from now on; the answer alone has its secret."""
    callable_addresses(body.url, private=services.settings.webhook_private)
    with services.db.write() as session:
        webhook_id = once(
            session,
            key,
            what="webhook",
            body=body,
            create=lambda: webhooks.add_webhook(session, url=body.url, told=body.events).id,
        )
        session.flush()
        try:
            created = WebhookCreated.model_validate(webhooks.get_webhook(session, webhook_id))
        except NotFoundError as error:
            raise ConflictError(
                f"webhook {webhook_id}, which this Idempotency-Key made, was removed; use a new key"
            ) from error
    response.headers["Location"] = f"/api/v1/webhooks/{webhook_id}"
    return created


@router.get("", responses=problems(422))
def list_webhooks(services: Service) -> WebhookList:
    """Webhooks, newest first."""
    with services.db.read() as session:
        rows = webhooks.list_webhooks(session)
        return WebhookList(items=[WebhookRead.model_validate(row) for row in rows])


@router.get("/{webhook_id}", responses=problems(404, 422))
def get_webhook(webhook_id: WebhookId, services: Service) -> WebhookRead:
    """One webhook."""
    with services.db.read() as session:
        return WebhookRead.model_validate(webhooks.get_webhook(session, webhook_id))


@router.get("/{webhook_id}/deliveries", responses=problems(404, 422))
def list_deliveries(
    webhook_id: WebhookId, services: Service, limit: Limit = 50, cursor: Cursor = None
) -> DeliveryPage:
    """What a webhook was told and is to be told, newest first; kept for 30 days."""
    with services.db.read() as session:
        page = webhook_deliveries.deliveries_of(
            session, webhook_id, limit=limit, cursor=cursor or None
        )
        return DeliveryPage(
            items=[_read(delivery) for delivery in page.items],
            next_cursor=page.next_cursor,
            total=page.total,
        )


@router.post("/{webhook_id}/test", status_code=202, responses=problems(404, 422))
def test_webhook(webhook_id: WebhookId, services: Service) -> DeliveryRead:
    """Send a ping on the way that everything takes; follow it among the deliveries."""
    with services.db.write() as session:
        delivery = webhook_deliveries.add_ping(session, webhook_id)
        session.flush()
        return _read(delivery)


@router.delete("/{webhook_id}", status_code=204, responses=problems(404, 422))
def delete_webhook(webhook_id: WebhookId, services: Service) -> None:
    """Tell an address nothing any more, and forget what it was told."""
    with services.db.write() as session:
        webhooks.remove_webhook(session, webhook_id)


def _read(delivery: WebhookDelivery) -> DeliveryRead:
    return DeliveryRead.model_validate(
        {name: getattr(delivery, name) for name in DeliveryRead.model_fields if name != "state"}
        | {"state": webhook_deliveries.state_of(delivery)}
    )
