"""Terms of the loss beside the cross entropy: the neighbours of the method, one file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import nn

from rscore.objectives.ann_logit import AnnLogitDistillation
from rscore.objectives.im_loss import im_loss
from rscore.objectives.membranes import MembraneTerm, Penalty
from rscore.objectives.rmp_loss import rmp_loss
from rscore.objectives.self_distillation import SelfDistillation
from rscore.objectives.shortcut_back import ShortcutBack
from rscore.objectives.term import Term
from rscore.spec import RunSpec

_REGULARIZERS: Mapping[str, Penalty] = MappingProxyType({"im-loss": im_loss, "rmp-loss": rmp_loss})
_DISTILLATIONS: Mapping[str, Callable[[RunSpec, nn.Module], Term]] = MappingProxyType(
    {"ann-logit": AnnLogitDistillation, "self": SelfDistillation}
)
_HEADS: Mapping[str, Callable[[RunSpec, nn.Module], Term]] = MappingProxyType(
    {"shortcut-back": ShortcutBack}
)


def make_terms(spec: RunSpec, network: nn.Module) -> list[Term]:
    """The terms that a spec asks for, around its network; none for the plain cross entropy.

    Their own weights are drawn from torch's current random state.
    """
    terms: list[Term] = []
    if spec.regularizer != "none":
        penalty = _REGULARIZERS[spec.regularizer]
        weight = spec.regularizer_weight
        terms.append(MembraneTerm(network, penalty, weight=weight, compiled=spec.compile))
    if spec.distillation != "none":
        terms.append(_DISTILLATIONS[spec.distillation](spec, network))
    if spec.auxiliary_heads != "none":
        terms.append(_HEADS[spec.auxiliary_heads](spec, network))
    return terms
