"""What every primitive of a folded network is: attributes, tensors and one equation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

Pair = tuple[int, int]


class Op(nn.Module):
    """One primitive. `attributes` are JSON values that, with its tensors, rebuild it."""

    op: str

    def attributes(self) -> dict[str, Any]:
        """Keyword arguments of the constructor beside the tensors."""
        return {}

    @classmethod
    def build(cls, attributes: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Op:
        """The primitive from its attributes and tensors."""
        pairs = {k: tuple(v) if isinstance(v, list) else v for k, v in attributes.items()}
        return cls(**pairs, **tensors)

    def _set(self, name: str, value: Tensor | None) -> None:
        self.register_buffer(name, None if value is None else value.detach().clone())
