"""Idempotency keys: a creating request that is sent again gets the first one's answer."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.errors import ConflictError
from server.storage.clock import now
from server.storage.models import IdempotencyKey

KEY_LOCKS = 0x72656B
"""Seed of the Postgres advisory locks, one a key."""


def find(session: Session, key: str, request_digest: str) -> str | None:
    """Id of what the first request with this key made, or None for the first.

    Raises ConflictError when that was another request. Until the transaction ends, a second
    request with the same key waits here.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, KEY_LOCKS))))
    known = session.get(IdempotencyKey, key)
    if known is None:
        return None
    if known.request_digest != request_digest:
        raise ConflictError(
            f"Idempotency-Key {key!r} was used for another request; use a new key for a new request"
        )
    return known.resource_id


def remember(session: Session, key: str, request_digest: str, resource_id: str) -> None:
    """Note what the first request with this key made."""
    session.add(
        IdempotencyKey(
            key=key,
            request_digest=request_digest,
            resource_id=resource_id,
            created_at=now(session),
        )
    )
