"""Where real data lies, for the tests that need it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Read when imported, before the fixtures take the person's own settings away.
REAL = Path(os.environ.get("REALSPIKE_DATA_DIR", "unset"))


def needs(folder: str) -> pytest.MarkDecorator:
    """Skips a test, and says so, where the real data has no such folder."""
    return pytest.mark.skipif(
        not (REAL / folder).is_dir(), reason=f"REALSPIKE_DATA_DIR names no folder with {folder}"
    )
