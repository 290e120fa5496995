"""Bring the schema of the settings' database up to date."""

from __future__ import annotations

import sys

from server import logs
from server.errors import ServerError
from server.settings import load_settings
from server.storage.database import migrate


def main() -> int:
    """Apply every migration that is missing; 0 when the schema is current."""
    try:
        settings = load_settings()
        logs.configure(settings, process="migrations")
        migrate(settings.resolved_database_url)
    except ServerError as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return 1
    sys.stdout.write("the database schema is up to date\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
