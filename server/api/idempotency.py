"""Creating exactly once: the same key and the same request give the same resource."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from pydantic import BaseModel
from sqlalchemy.orm import Session

from server.storage import idempotency


def once(
    session: Session, key: str | None, *, what: str, body: BaseModel, create: Callable[[], str]
) -> str:
    """Id of the resource that `create` makes, or that an earlier request with this key made."""
    if key is None:
        return create()
    digest = hashlib.sha256(f"{what} {body.model_dump_json()}".encode()).hexdigest()
    known = idempotency.find(session, key, digest)
    if known is not None:
        return known
    made = create()
    idempotency.remember(session, key, digest, made)
    return made
