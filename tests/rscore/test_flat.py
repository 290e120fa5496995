"""Configurations laid flat, and what cannot be kept."""

from __future__ import annotations

from typing import Any

import pytest

from rscore.flat import LARGEST_BYTES, MOST_ENTRIES, ConfigError, digest, flatten


def test_nested_names_are_joined_and_lists_stay() -> None:
    config = {"a": {"b": {"c": 1}, "d": None}, "e": [1, {"f": [True]}], "g": 0.5, "h": {}}
    assert flatten(config) == {"a.b.c": 1, "a.d": None, "e": [1, {"f": [True]}], "g": 0.5}
    assert flatten({}) == {}


def test_the_digest_knows_no_order() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 2, "b": 1})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"a": {"b": 1}, "a.b": 2}, "'a.b' is there twice"),
        ({"lr": float("nan")}, "'lr' is nan, which JSON cannot hold; write it as text"),
        ({"a": [1, float("inf")]}, "'a' is inf"),
        ({"a": 2**63}, "'a' is too large a number"),
        ({"a": {"": 1}}, "in 'a', '' is not a name"),
        ({5: 1}, "5 is not a name"),
        ({"a\nb": 1}, "has characters that cannot be shown"),
        ({"a": [{"\x07": 1}]}, "in 'a', the name"),
        ({"x" * 201: 1}, "has more than 200 characters"),
        ({"a": "\x00"}, "'a' has a character that cannot be stored"),
        ({"a": "\ud800"}, "'a' has a character that cannot be stored"),
        ({"a": object()}, "'a' is a object, which JSON cannot hold"),
        ({str(n): n for n in range(MOST_ENTRIES + 1)}, f"more than {MOST_ENTRIES} values"),
        ({"a": "x" * LARGEST_BYTES}, "record what is large as a file"),
    ],
)
def test_what_cannot_be_kept_is_named(config: dict[Any, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        flatten(config)
    assert message in str(caught.value)


@pytest.mark.parametrize("inner", [lambda value: {"a": value}, lambda value: [value]])
def test_nesting_has_an_end(inner: Any) -> None:
    value: Any = 1
    for _ in range(30):
        value = inner(value)
    with pytest.raises(ConfigError, match="nested more than 20 deep"):
        flatten({"a": value})
