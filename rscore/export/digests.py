"""Digests that bind files, networks and certificates to each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from torch import Tensor


def json_digest(document: Any) -> str:
    """SHA-256 of a JSON value in canonical form: sorted keys, no spaces."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def tensors_digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and bytes of tensors, in the order of their names."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].detach().cpu().contiguous()
        total.update(json.dumps([name, str(value.dtype), list(value.shape)]).encode())
        total.update(value.numpy().tobytes())
    return total.hexdigest()
