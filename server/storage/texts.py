"""Text and numbers from programs, made storable on every backend."""

from __future__ import annotations

import math
from typing import Any

LONGEST_LINE = 4000


def clean_text(text: str, longest: int = LONGEST_LINE) -> str:
    """`text` without NUL characters and lone surrogates, cut with a mark when it is too long."""
    text = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= longest else text[: longest - 1] + "…"


def finite(value: Any) -> Any:
    """None for NaN and the infinities, which JSON cannot say; anything else as it is."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
