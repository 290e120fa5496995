"""The environment of processes that tests start."""

from __future__ import annotations

import os

from server.settings import Settings


def environment_of(settings: Settings) -> dict[str, str]:
    """This process's environment with the variables that make a child read these settings."""
    given = {
        f"REALSPIKE_{name.upper()}": str(value)
        for name, value in settings.model_dump(exclude_none=True).items()
    }
    others = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("REALSPIKE_") or name.startswith("REALSPIKE_TEST_")
    }
    return {**others, **given}
