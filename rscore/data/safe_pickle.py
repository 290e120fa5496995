"""Reads the pickles of CIFAR's python archives as data: nothing is imported and nothing is called.

A pickle is a program for a small stack machine. This is that machine with the few instructions
that a dictionary of strings, numbers, lists and byte arrays needs. Instructions that name a
function are understood only for numpy's three array names, which stand for an array here, not for
a call; any other name, and any other instruction, is refused.
"""

from __future__ import annotations

import math
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rscore.errors import DatasetCorruptError

_DTYPE = "numpy dtype"
_NAMES = frozenset(
    {
        "numpy.core.multiarray _reconstruct",
        "numpy._core.multiarray _reconstruct",  # of numpy 2
        "numpy ndarray",
        _DTYPE,
    }
)
_BYTE_TYPES = ("u1", "|u1", b"u1", b"|u1")


@dataclass(slots=True)
class _Name:
    """A function's name on the stack; there is nothing behind it."""

    text: str


@dataclass(slots=True)
class _Dtype:
    code: object


@dataclass(slots=True)
class _Array:
    """An array whose contents come with its state."""

    values: NDArray[np.uint8] | None = None


class _Mark:
    pass


def read_pickle(content: bytes) -> dict[str, Any]:
    """The dictionary that a pickle describes, its byte-string keys as text.

    Values are int, str, bytes, list, tuple, dict, None, bool, or a uint8 numpy array; strings
    of Python 2 come as text with one character a byte.

    Raises:
        DatasetCorruptError: if it is no whole pickle, or asks for anything but plain data.
    """
    try:
        return _dictionary(_Machine().run(content))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise DatasetCorruptError(f"it is no pickle of plain data: {error}") from error


def _dictionary(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"a dictionary was expected, it holds a {type(value).__name__}")
    return {_text(key): _plain(item) for key, item in value.items()}


def _text(key: object) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)


class _Machine:
    """The stack and the memo of one reading."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, content: bytes) -> object:
        for code, argument, _ in pickletools.genops(content):
            name = code.name
            if name == "STOP":
                return self.stack.pop()
            if name in _CONSTANTS:
                self.stack.append(_CONSTANTS[name])
            elif name in _LITERALS:
                self.stack.append(argument)
            elif name in _STEPS:
                _STEPS[name](self, argument)
            elif name not in _HEADERS:
                raise ValueError(f"instruction {name} is refused")
        raise ValueError("it ends too early")

    def since_mark(self) -> list[Any]:
        """What lies above the topmost mark, taken off together with it."""
        items: list[Any] = []
        while not isinstance(item := self.stack.pop(), _Mark):
            items.append(item)
        return items[::-1]

    def pop(self, count: int) -> tuple[Any, ...]:
        taken = tuple(self.stack[-count:])
        if len(taken) < count:
            raise ValueError("its stack is empty")
        del self.stack[-count:]
        return taken


def _global(machine: _Machine, argument: Any) -> None:
    if argument not in _NAMES:
        raise ValueError(f"the name {argument!r} is refused")
    machine.stack.append(_Name(str(argument)))


def _reduce(machine: _Machine, _: Any) -> None:
    function, arguments = machine.pop(2)
    machine.stack.append(_Dtype(arguments[0]) if function.text == _DTYPE else _Array())


def _build(machine: _Machine, _: Any) -> None:
    (state,) = machine.pop(1)
    target = machine.stack[-1]
    if isinstance(target, _Array):
        target.values = _bytes_array(state)
    elif not isinstance(target, _Dtype):
        raise TypeError(f"a state is given to a {type(target).__name__}")


def _bytes_array(state: tuple[Any, ...]) -> NDArray[np.uint8]:
    """The array of numpy's state (version, shape, dtype, Fortran order, contents)."""
    _, shape, dtype, fortran, content = state
    if not isinstance(dtype, _Dtype) or dtype.code not in _BYTE_TYPES:
        raise ValueError("an array is not of unsigned bytes")
    raw = content.encode("latin-1") if isinstance(content, str) else content
    if len(raw) != math.prod(shape):
        raise ValueError(f"an array of shape {shape} has {len(raw)} bytes")
    return np.frombuffer(raw, np.uint8).reshape(shape, order="F" if fortran else "C")


def _plain(value: Any) -> Any:
    """An item of the dictionary, an array in the place of its stand-in."""
    if isinstance(value, _Array):
        if value.values is None:
            raise ValueError("an array has no contents")
        return value.values
    if isinstance(value, _Name | _Dtype | _Mark):
        raise TypeError("a name stands where data should")
    return value


def _put(machine: _Machine, argument: Any) -> None:
    machine.memo[argument] = machine.stack[-1]


def _get(machine: _Machine, argument: Any) -> None:
    machine.stack.append(machine.memo[argument])


def _memoize(machine: _Machine, _: Any) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _tuple(machine: _Machine, _: Any) -> None:
    machine.stack.append(tuple(machine.since_mark()))


def _tuple_of(count: int) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.stack.append(machine.pop(count))


def _append(machine: _Machine, _: Any) -> None:
    (item,) = machine.pop(1)
    machine.stack[-1].append(item)


def _appends(machine: _Machine, _: Any) -> None:
    items = machine.since_mark()
    machine.stack[-1].extend(items)


def _set_item(machine: _Machine, _: Any) -> None:
    key, value = machine.pop(2)
    machine.stack[-1][key] = value


def _set_items(machine: _Machine, _: Any) -> None:
    items = machine.since_mark()
    machine.stack[-1].update(zip(items[::2], items[1::2], strict=True))


_LITERALS = frozenset(
    {
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG1",
        "BINSTRING",
        "SHORT_BINSTRING",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINUNICODE",
        "SHORT_BINUNICODE",
    }
)
_HEADERS = frozenset({"PROTO", "FRAME"})
_CONSTANTS: Mapping[str, object] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_STEPS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "MARK": lambda machine, _: machine.stack.append(_Mark()),
    "EMPTY_DICT": lambda machine, _: machine.stack.append({}),
    "EMPTY_LIST": lambda machine, _: machine.stack.append([]),
    "EMPTY_TUPLE": lambda machine, _: machine.stack.append(()),
    "TUPLE": _tuple,
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "APPEND": _append,
    "APPENDS": _appends,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "PUT": _put,
    "BINPUT": _put,
    "LONG_BINPUT": _put,
    "MEMOIZE": _memoize,
    "GET": _get,
    "BINGET": _get,
    "LONG_BINGET": _get,
    "GLOBAL": _global,
    "REDUCE": _reduce,
    "BUILD": _build,
}
