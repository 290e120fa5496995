"""Webhooks over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import cast

from client.ids import found
from client.transport import Transport
from client.wire import (
    Json,
    NewWebhook,
    Webhook,
    WebhookDelivery,
    WebhookDeliveryPage,
    WebhookList,
)


class Webhooks:
    """Have addresses told when a study ends or a run fails."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def add(self, url: str, events: Sequence[str] = (), *, key: str | None = None) -> NewWebhook:
        """Tell an address what happens; the usual events when none is named.

        The answer alone has the secret that signs what is sent.
        """
        body: Json = {"url": url, **({"events": list(events)} if events else {})}
        key = key or uuid.uuid4().hex
        return cast(NewWebhook, self._http.json("POST", "/webhooks", body=body, key=key))

    def all(self) -> list[Webhook]:
        """Every webhook, newest first."""
        return cast(WebhookList, self._http.json("GET", "/webhooks"))["items"]

    def find(self, short: str) -> Webhook:
        """The webhook of an id or of a unique part of one."""
        return found(
            "webhook",
            short,
            lambda webhook_id: cast(Webhook, self._http.json("GET", f"/webhooks/{webhook_id}")),
            lambda: [webhook["id"] for webhook in self.all()],
        )

    def deliveries(
        self, webhook_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> WebhookDeliveryPage:
        """One page of what a webhook was told and is to be told, newest first."""
        params = {"limit": limit, "cursor": cursor}
        path = f"/webhooks/{webhook_id}/deliveries"
        return cast(WebhookDeliveryPage, self._http.json("GET", path, params=params))

    def ping(self, webhook_id: str) -> WebhookDelivery:
        """Have a ping sent."""
        return cast(WebhookDelivery, self._http.json("POST", f"/webhooks/{webhook_id}/test"))

    def remove(self, webhook_id: str) -> None:
        """Tell an address nothing any more."""
        self._http.json("DELETE", f"/webhooks/{webhook_id}")
