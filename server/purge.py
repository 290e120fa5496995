"""Purge what was deleted: `python -m server.purge`.

Prints one JSON document about all that is purged, or would be with --dry-run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

from server.errors import ServerError, SettingsError
from server.settings import Settings, load_settings
from server.storage import retention
from server.storage.artifact_files import ArtifactFiles
from server.storage.database import Database
from server.storage.engines import require_database
from server.storage.retention import DeletedRun, DeletedStudy, Purge

BAD_INPUT = 2
UNAVAILABLE = 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code is that of `realspike`."""
    parser = argparse.ArgumentParser(prog="python -m server.purge", description=__doc__)
    parser.add_argument(
        "--older-than-seconds", type=float, help="deleted for so long; else the retention's days"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would go; purge nothing")
    asked = parser.parse_args(arguments)
    try:
        settings = load_settings()
        purged = _purge(settings, _age(settings, asked.older_than_seconds), dry_run=asked.dry_run)
    except ServerError as error:
        sys.stderr.write(f"error: {error}\n")
        return BAD_INPUT if isinstance(error, SettingsError) else UNAVAILABLE
    document = {"dry_run": asked.dry_run, **_report(purged)}
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return 0


def _age(settings: Settings, seconds: float | None) -> timedelta:
    if seconds is not None:
        return timedelta(seconds=seconds)
    if not settings.retention_days:
        raise SettingsError(
            "REALSPIKE_RETENTION_DAYS is 0, so nothing is purged by itself; say for how long "
            "things must have been deleted, for example --older-than 30d"
        )
    return timedelta(days=settings.retention_days)


def _purge(settings: Settings, age: timedelta, *, dry_run: bool) -> Purge:
    require_database(settings.resolved_database_url)
    with closing(Database(settings.resolved_database_url)) as database:
        planned = retention.plan(database, age)
        if dry_run:
            return planned
        files = ArtifactFiles(settings.resolved_artifacts_url)
        gone = list(retention.carry_out(database, files, planned))
    runs = [each for each in gone if isinstance(each, DeletedRun)]
    return Purge(planned.before, runs, [each for each in gone if isinstance(each, DeletedStudy)])


def _report(purge: Purge) -> dict[str, Any]:
    return {
        "before": purge.before.isoformat(),
        "runs": [
            {
                "id": run.id,
                "name": run.name,
                "deleted_at": run.deleted_at.isoformat(),
                "artifacts": run.artifacts,
                "bytes": run.bytes,
            }
            for run in purge.runs
        ],
        "studies": [
            {"id": study.id, "name": study.name, "deleted_at": study.deleted_at.isoformat()}
            for study in purge.studies
        ],
        "artifacts": purge.artifacts,
        "bytes": purge.bytes,
    }


if __name__ == "__main__":
    sys.exit(main())
