"""The newest value of each metric of a run, which the run's row keeps for lists and filters."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from server.storage.models import Metric

# One look at the end of the primary key's range per name, however many points it has. As text:
# it is asked with every write of metrics, and to put it together costs more than the answer.
_NEWEST_POSTGRES = text(
    """
    SELECT wanted.name, (
        SELECT value FROM metric
        WHERE run_id = :run_id AND metric.name = wanted.name ORDER BY step DESC LIMIT 1
    )
    FROM unnest(CAST(:names AS varchar[])) AS wanted (name)
    """
)
_NEWEST_SQLITE = text(
    """
    SELECT wanted.value, (
        SELECT value FROM metric
        WHERE run_id = :run_id AND metric.name = wanted.value ORDER BY step DESC LIMIT 1
    )
    FROM json_each(:names) AS wanted
    """
)


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
    if session.get_bind().dialect.name == "postgresql":
        rows = session.execute(_NEWEST_POSTGRES, {"run_id": run_id, "names": wanted})
    else:
        rows = session.execute(_NEWEST_SQLITE, {"run_id": run_id, "names": json.dumps(wanted)})
    return {name: value for name, value in rows if value is not None}
