"""Rows of every schema that there ever was, frozen as plain values.

A file has rows by table. A time is `{"moment": ISO}` and a document `{"json": ...}`; the rest is
as it is. They go into an old schema as SQL, because the models know only the newest one.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

FOLDER = Path(__file__).parents[1] / "server" / "storage" / "schemas"

Rows = dict[str, list[dict[str, Any]]]


def frozen(revision: str) -> Rows:
    """The rows of a schema."""
    rows: Rows = json.loads((FOLDER / f"{revision}.json").read_text(encoding="utf-8"))
    return rows


def plain(value: Any) -> Any:
    """A frozen value as Python has it."""
    if isinstance(value, dict):
        return datetime.fromisoformat(value["moment"]) if "moment" in value else value["json"]
    return value


def insert(connection: Connection, rows: Rows) -> None:
    """Put frozen rows into their tables by plain SQL, whatever the models say of them."""
    sqlite = connection.dialect.name == "sqlite"
    for table, found in rows.items():
        for row in found:
            names = ", ".join(f'"{name}"' for name in row)
            places = ", ".join(["?" if sqlite else "%s"] * len(row))
            values = tuple(_written(value, sqlite=sqlite) for value in row.values())
            connection.exec_driver_sql(f'INSERT INTO "{table}" ({names}) VALUES ({places})', values)


def _written(value: Any, *, sqlite: bool) -> Any:
    if not isinstance(value, dict):
        return value
    if "json" in value:
        return json.dumps(value["json"], ensure_ascii=False)
    text: str = value["moment"]
    return text.replace("T", " ").removesuffix("Z") if sqlite else text
