"""Keyset pages, newest first: a cursor is the last id of the page before, made opaque."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.errors import CursorError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list; `total` counts all of it, and `next_cursor` is None on the last page."""

    items: list[T]
    next_cursor: str | None
    total: int


def encode_cursor(last_id: str) -> str:
    """The cursor that goes on after `last_id`."""
    return base64.urlsafe_b64encode(last_id.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The id that a cursor goes on after; raises CursorError for anything else."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        last_id = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise CursorError(cursor) from error
    if not last_id.replace("_", "").isalnum():
        raise CursorError(cursor)
    return last_id


def newest_first(
    session: Session,
    query: Select[T],
    key: InstrumentedAttribute[str],
    *,
    limit: int,
    cursor: str | None,
) -> Page[T]:
    """One page of `query`, ordered by its text `key` from the newest down."""
    # Whatever `query` asks of a row is asked once, for the total and the page together.
    matching = query.with_only_columns(key, maintain_column_froms=True).cte("matching")
    total = select(func.count()).select_from(matching).scalar_subquery()
    ids = select(matching.c[key.key])
    if cursor is not None:
        ids = ids.where(matching.c[key.key] < decode_cursor(cursor))
    shown = ids.order_by(matching.c[key.key].desc()).limit(limit + 1).subquery()
    page = select(key.class_, total).join(shown, key == shown.c[key.key]).order_by(key.desc())
    rows = session.execute(page).all()
    if not rows:
        return Page([], None, 0 if cursor is None else session.scalar(select(total)) or 0)
    items = [item for item, _ in rows[:limit]]
    last = getattr(items[-1], key.key) if len(rows) > limit else None
    return Page(items, encode_cursor(last) if last else None, rows[0][1])
