"""Rows of studies, for tests that need one to be there."""

from __future__ import annotations

from typing import Any

from server.storage import studies
from server.storage.database import Database


def make_study(db: Database, **changes: Any) -> str:
    """Id of a new study without runs."""
    given: dict[str, Any] = {
        "name": "s",
        "experiment": "e",
        "document": {},
        "factors": [],
        "metric": "test_acc",
        "goal": "maximize",
    }
    with db.write() as session:
        return studies.create_study(session, **{**given, **changes}).id
