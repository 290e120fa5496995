"""Pickles as Python 2 wrote them into CIFAR's archives, opcode by opcode."""

from __future__ import annotations

import pickle
import struct

import numpy as np
from numpy.typing import NDArray

PROTOCOL_2 = b"\x80\x02"


def text(value: str) -> bytes:
    """A byte string of Python 2."""
    raw = value.encode("latin-1")
    return b"U" + bytes([len(raw)]) + raw


def numbers(values: list[int]) -> bytes:
    """A list of small integers."""
    return b"](" + b"".join(b"K" + bytes([value]) for value in values) + b"e"


def array(values: NDArray[np.uint8], dtype: str = "u1") -> bytes:
    """A numpy array, as numpy under Python 2 reduced it."""
    shape = b"".join(b"M" + struct.pack("<H", side) for side in values.shape)
    raw = values.tobytes()
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01bt"
        b"Rq\x05(K\x01(" + shape + b"t"
        b"cnumpy\ndtype\nq\x06(" + text(dtype) + b"K\x00K\x01tRq\x07"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89T" + struct.pack("<i", len(raw)) + raw + b"tb"
    )


def dictionary(items: dict[str, bytes]) -> bytes:
    """A pickle of a dictionary whose values are pickled already."""
    body = b"".join(text(key) + value for key, value in items.items())
    return PROTOCOL_2 + b"}q\x01(" + body + b"u."


def today(items: dict[bytes, object]) -> bytes:
    """The same as Python 3 writes it."""
    return pickle.dumps(items, protocol=3)
