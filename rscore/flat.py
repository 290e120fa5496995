"""Configurations of people's own scripts, laid flat: nested names are joined with dots; torch-free.

`{"optimizer": {"lr": 0.1}}` is `{"optimizer.lr": 0.1}`, so that a value's name is its path in
filters, tables and differences, as a field's of a RunSpec is.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from rscore.errors import RscoreError

MOST_ENTRIES = 2000
LONGEST_NAME = 200
LARGEST_BYTES = 256 * 1024
DEEPEST = 20
_LARGEST_WHOLE = 2**63 - 1


class ConfigError(RscoreError, ValueError):
    """A configuration that cannot be kept; the message names the entry."""

    code = "config_invalid"


def flatten(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with one entry a value; lists stay values.

    Raises:
        ConfigError: a name or a value that JSON or a table cannot hold, or too much of them.
    """
    flat: dict[str, Any] = {}
    for name, value in _entries(config, "", 0):
        if name in flat:
            raise ConfigError(f"{name!r} is there twice, once nested and once with dots")
        flat[name] = value
        if len(flat) > MOST_ENTRIES:
            raise ConfigError(f"more than {MOST_ENTRIES} values; leave out what tells runs apart")
    size = len(_spell(flat))
    if size > LARGEST_BYTES:
        raise ConfigError(
            f"{size} bytes of JSON, the limit is {LARGEST_BYTES}; record what is large as a file"
        )
    return flat


def digest(flat: Mapping[str, Any]) -> str:
    """SHA-256 of a flat configuration, whatever the order of its entries."""
    return hashlib.sha256(_spell(flat)).hexdigest()


def _spell(flat: Mapping[str, Any]) -> bytes:
    text = json.dumps(flat, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode(errors="surrogatepass")


def _entries(config: Mapping[str, Any], above: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > DEEPEST:
        raise ConfigError(f"{above!r} is nested more than {DEEPEST} deep")
    for key, value in config.items():
        _check_key(key, above)
        name = f"{above}.{key}" if above else key
        if len(name) > LONGEST_NAME:
            raise ConfigError(f"the name {name[:60]!r}… has more than {LONGEST_NAME} characters")
        if isinstance(value, Mapping):
            yield from _entries(value, name, depth + 1)
        else:
            _check(name, value, depth)
            yield name, value


def _check_key(key: object, above: str) -> None:
    where = f"in {above!r}, " if above else ""
    if not isinstance(key, str) or not key:
        raise ConfigError(f"{where}{key!r} is not a name: names are text, and not empty")
    if not key.isprintable():
        raise ConfigError(f"{where}the name {key!r} has characters that cannot be shown")


def _check(name: str, value: object, depth: int) -> None:
    if depth > DEEPEST:
        raise ConfigError(f"{name!r} is nested more than {DEEPEST} deep")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check_key(key, name)
            _check(name, inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(name, inner, depth + 1)
    else:
        _check_one(name, value)


def _check_one(name: str, value: object) -> None:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise ConfigError(f"{name!r} has a character that cannot be stored")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ConfigError(f"{name!r} is {value}, which JSON cannot hold; write it as text")
    elif isinstance(value, int):
        if abs(value) > _LARGEST_WHOLE:
            raise ConfigError(f"{name!r} is too large a number; write it as text")
    elif value is not None:
        raise ConfigError(f"{name!r} is a {type(value).__name__}, which JSON cannot hold")
