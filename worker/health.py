"""Ask whether this host's worker is alive: `python -m worker.health`, for containers."""

from __future__ import annotations

import socket
import sys

from server.errors import ServerError
from server.settings import load_settings
from server.storage import workers
from server.storage.clock import now
from server.storage.database import Database


def main() -> int:
    """0 when a worker of this host was seen within its lease."""
    try:
        settings = load_settings()
        database = Database(settings.resolved_database_url)
        with database.read() as session:
            moment = now(session)
            found = {
                workers.status_of(worker, moment, settings.lease_seconds)
                for worker, _ in workers.list_workers(session)
                if worker.host == socket.gethostname()
            }
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0 if found & {"alive", "quarantined", "draining"} else 1


if __name__ == "__main__":
    sys.exit(main())
