"""The newest value of each metric of a run, which the run's row keeps for lists and filters."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import ARRAY, String, TableValuedAlias, cast, func, literal, select, type_coerce
from sqlalchemy.orm import Session

from server.storage.models import Metric


def metric_names(session: Session, run_id: str) -> list[str]:
    """Names of all metrics of a run, sorted."""
    query = select(Metric.name).where(Metric.run_id == run_id).distinct().order_by(Metric.name)
    return list(session.scalars(query))


def newest_values(
    session: Session, run_id: str, names: Collection[str] | None = None
) -> dict[str, float]:
    """Value at the highest step of each named metric, or of all."""
    wanted = metric_names(session, run_id) if names is None else sorted(names)
    if not wanted:
        return {}
    table = _rows_of(session, wanted)
    # One look at the end of the primary key's range per name, however many points it has.
    newest = (
        select(Metric.value)
        .where(Metric.run_id == run_id, Metric.name == table.c.value)
        .order_by(Metric.step.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(select(type_coerce(table.c.value, String), newest))
    return {name: value for name, value in rows if value is not None}


def _rows_of(session: Session, names: list[str]) -> TableValuedAlias:
    if session.get_bind().dialect.name == "postgresql":
        names_array = cast(literal(names, ARRAY(String)), ARRAY(String))
        return func.unnest(names_array).table_valued("value").render_derived()
    return func.json_each(json.dumps(names)).table_valued("value")
