"""A script's configuration as JSON: from whatever Python object it keeps it in, laid flat."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

from client.errors import InputError
from client.wire import Json
from rscore.flat import ConfigError, flatten

LONGEST_TEXT = 2000
"""Of an object that is known only by its text."""


def flat_config(config: object) -> Json:
    """A mapping, a namespace of argparse or a dataclass as flat JSON; raises InputError."""
    if config is None:
        return {}
    given = config if isinstance(config, Mapping) else getattr(config, "__dict__", None)
    if not isinstance(given, Mapping) or isinstance(config, type):
        raise InputError(
            f"config is {config!r}; give a mapping, a namespace of argparse or a dataclass"
        )
    try:
        return flatten(_plain(given))
    except ConfigError as error:
        raise InputError(f"config: {error}") from error


def _plain(value: Any) -> Any:
    """The nearest thing that JSON has; what it has nothing for becomes text."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if callable(getattr(value, "tolist", None)):  # arrays, tensors and their scalars
        return _plain(value.tolist())
    return str(value)[:LONGEST_TEXT]
