"""Ten thousand finished runs of 50 parameters and 50 metrics, put straight into the tables."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import insert

from rscore.spec import RunSpec
from server.storage.database import Database
from server.storage.models import Run, Study

RUNS = 10_000
STUDIES = 100
METRICS = ["test_acc", *(f"metric_{number:02}" for number in range(1, 50))]
GRANULARITIES = ("binary", "layer", "channel", "element")
STATUSES = ("succeeded",) * 17 + ("failed", "cancelled", "queued")

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def run_id(number: int) -> str:
    """Id of the seeded run of that number; a later one sorts after."""
    return f"run_{number:026}"


def study_id(number: int) -> str:
    """Id of a seeded study."""
    return f"stu_{number:026}"


def seed_realspike(database_url: str) -> None:
    """Runs of ours: the spec's own fields are the parameters, the summary has the metrics."""
    rng, spec = random.Random(0), RunSpec().model_dump(mode="json")
    database = Database(database_url)
    with database.write() as session:
        session.execute(insert(Study), [_study(number) for number in range(STUDIES)])
        for first in range(0, RUNS, 1000):
            numbers = range(first, first + 1000)
            session.execute(insert(Run), [_run(rng, spec, number) for number in numbers])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    database.close()


def _study(number: int) -> dict[str, Any]:
    return {
        "id": study_id(number),
        "name": f"study {number}",
        "experiment": "seeded",
        "document": {},
        "factors": [],
        "metric": "test_acc",
        "goal": "maximize",
        "created_at": BEGAN,
    }


def _run(rng: random.Random, spec: dict[str, Any], number: int) -> dict[str, Any]:
    varied = {"granularity": GRANULARITIES[number % 4], "seed": number, "lr": rng.uniform(0, 0.1)}
    moment = BEGAN + timedelta(seconds=number)
    return {
        "id": run_id(number),
        "name": f"digits small-conv seed={number}",
        "experiment": "seeded",
        "study_id": study_id(number % STUDIES),
        "tags": ["paper"] if number % 20 == 0 else ["draft"],
        "spec": spec | varied,
        "spec_digest": f"{number:064x}",
        "priority": 0,
        "status": STATUSES[number % len(STATUSES)],
        "attempt": 1,
        "lost": 0,
        "cancel_requested": False,
        "summary": {name: rng.random() for name in METRICS},
        "created_at": moment,
        "started_at": moment,
        "finished_at": moment + timedelta(hours=1),
    }


_MLFLOW = (
    """
    INSERT INTO runs (run_uuid, name, user_id, source_type, source_name, entry_point_name, status,
                      start_time, end_time, lifecycle_stage, experiment_id, artifact_uri)
    SELECT md5(n::text), 'digits small-conv seed=' || n, 'bench', 'LOCAL', '', '',
           CASE n %% 20 WHEN 17 THEN 'FAILED' WHEN 18 THEN 'KILLED' WHEN 19 THEN 'SCHEDULED'
           ELSE 'FINISHED' END,
           1767225600000 + n * 1000, 1767229200000 + n * 1000, 'active', 0,
           'mlflow-artifacts:/' || n
    FROM generate_series(0, %(runs)s - 1) n
    """,
    """
    INSERT INTO params (key, value, run_uuid)
    SELECT CASE p WHEN 0 THEN 'granularity' ELSE 'param_' || p END,
           CASE p WHEN 0 THEN (ARRAY['binary', 'layer', 'channel', 'element'])[n %% 4 + 1]
           ELSE (n + p)::text END, md5(n::text)
    FROM generate_series(0, %(runs)s - 1) n, generate_series(0, 49) p
    """,
    """
    INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)
    SELECT CASE m WHEN 0 THEN 'test_acc' ELSE 'metric_' || m END, random(), 1767225600000, 1, false,
           md5(n::text)
    FROM generate_series(0, %(runs)s - 1) n, generate_series(0, 49) m
    """,
    """
    INSERT INTO tags (key, value, run_uuid)
    SELECT 'stage', CASE n %% 20 WHEN 0 THEN 'paper' ELSE 'draft' END, md5(n::text)
    FROM generate_series(0, %(runs)s - 1) n
    UNION ALL
    SELECT 'study', (n %% %(studies)s)::text, md5(n::text)
    FROM generate_series(0, %(runs)s - 1) n
    """,
)


def seed_mlflow(database_url: str) -> None:
    """The same number of runs, parameters, newest metric values and tags in MLflow's tables."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in _MLFLOW:
            connection.execute(statement, {"runs": RUNS, "studies": STUDIES})
        connection.execute("ANALYZE")
