"""Back up, check or restore: `python -m server.backup write|check|restore FILE`.

Prints one JSON document about what was done; what it does meanwhile goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from server.backup.archive import Manifest, read_manifest
from server.backup.errors import BackupError, NotEmptyError
from server.backup.restoring import restore_backup
from server.backup.writing import write_backup
from server.errors import ServerError, SettingsError
from server.settings import load_settings
from server.storage.artifact_files import ArtifactFiles
from server.storage.database import Database
from server.storage.engines import require_database

DONE = 0
INCOMPLETE = 1
"""The backup is there, but stored files that the database names are not in it."""
BAD_INPUT = 2
NOT_EMPTY = 5
UNAVAILABLE = 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code is that of `realspike`."""
    parser = argparse.ArgumentParser(prog="python -m server.backup", description=__doc__)
    parser.add_argument("action", choices=("write", "check", "restore"))
    parser.add_argument("file", type=Path)
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _leave)
    try:
        manifest = _do(asked.action, asked.file.absolute())
    except ServerError as error:
        sys.stderr.write(f"error: {error}\n")
        return _code(error)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    sys.stdout.write(json.dumps(_report(asked.file, manifest), indent=2) + "\n")
    return INCOMPLETE if manifest.left_out else DONE


def _do(action: str, file: Path) -> Manifest:
    if action == "check":
        return read_manifest(file)
    settings = load_settings()
    files = ArtifactFiles(settings.resolved_artifacts_url)
    if action == "write":
        require_database(settings.resolved_database_url)
        with closing(Database(settings.resolved_database_url)) as database:
            return write_backup(database, files, file, note=_note)
    with closing(Database(settings.resolved_database_url)) as database:
        return restore_backup(database, files, file, note=_note)


def _report(file: Path, manifest: Manifest) -> dict[str, Any]:
    stored = manifest.files.values()
    return {
        "file": str(file),
        "created_at": manifest.created_at,
        "product": manifest.product,
        "schema": manifest.schema,
        "database": manifest.database,
        "tables": manifest.tables,
        "files": len(stored),
        "bytes": sum(member.size for member in stored),
        "left_out": [asdict(item) for item in manifest.left_out],
        "dropped": [asdict(item) for item in manifest.dropped],
    }


def _code(error: ServerError) -> int:
    if isinstance(error, NotEmptyError):
        return NOT_EMPTY
    return BAD_INPUT if isinstance(error, (BackupError, SettingsError)) else UNAVAILABLE


def _note(message: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)  # what was begun is taken back on the way


if __name__ == "__main__":
    sys.exit(main())
