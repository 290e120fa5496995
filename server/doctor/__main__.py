"""Examine the service that this environment describes: `python -m server.doctor` prints JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial

from server.doctor import stores, surroundings, work
from server.errors import SettingsError
from server.findings import Finding, Status, examine, print_findings, problem, warning
from server.settings import Settings, load_settings
from server.storage.database import Database

LIMIT_SECONDS = 8.0
"""How long a check may take; there are three rounds of them."""


def main() -> int:
    """Print what was found; 0 whatever it is."""
    print_findings(diagnose())
    return 0


def diagnose() -> Iterator[Finding]:
    """Everything that can be found from here."""
    try:
        settings = load_settings()
    except SettingsError as error:
        for line in str(error).splitlines():
            yield problem("settings", line, "docs/guide/settings.md has all variables")
        return
    yield from examine(
        {
            "settings": partial(surroundings.variables, settings, os.environ),
            "home": partial(surroundings.home, settings),
            "disk": partial(surroundings.disks, settings),
            "web page": surroundings.web_page,
        },
        LIMIT_SECONDS,
    )
    if settings.embedded and not settings.home.exists():
        return  # there is nothing to look into, and looking would make it
    found = examine(
        {
            "database": partial(stores.database, settings),
            "broker": partial(stores.broker, settings),
            "artifacts": partial(stores.artifacts, settings),
        },
        LIMIT_SECONDS,
    )
    yield from found
    if not _usable(found):
        yield warning("work", "not looked at until the database can be read")
    elif stores.missing_database(settings) is None:
        yield from _work(settings)


def _usable(found: list[Finding]) -> bool:
    return not any(
        finding.status is Status.PROBLEM and finding.check in ("database", "schema")
        for finding in found
    )


def _work(settings: Settings) -> Iterator[Finding]:
    with closing(Database(settings.resolved_database_url)) as db:
        checks = {
            "workers": partial(work.workers, settings, db),
            "scheduler": partial(work.scheduler, settings, db),
            "runs": partial(work.running, db),
            "queue": partial(work.waiting, settings, db),
            "files": partial(work.files, settings, db),
        }
        yield from examine(checks, LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
