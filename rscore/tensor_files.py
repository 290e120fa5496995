"""Safetensors files whose bytes follow from their content alone.

The library writes the texts beside the tensors in an order that changes from call to call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import safetensors.torch
from torch import Tensor

_LENGTH = 8
"""Bytes at the start that tell how long the header is; the header is padded to a multiple."""


def tensor_bytes(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> bytes:
    """A safetensors file with tensors [...] on the CPU and texts beside them, in one order."""
    whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
    content = safetensors.torch.save(whole, dict(texts))
    end = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    header = json.loads(content[_LENGTH:end])
    if "__metadata__" in header:
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    ordered = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    ordered += b" " * (-len(ordered) % _LENGTH)
    return len(ordered).to_bytes(_LENGTH, "little") + ordered + content[end:]
