"""BatchNorm in eval mode behind a convolution or a linear layer."""

from __future__ import annotations

from torch import Tensor, nn

from rscore.folding.arithmetic import fold_batchnorm
from rscore.folding.ops import Conv2d, FactoredConv2d, Linear
from rscore.folding.rules.step import Step
from rscore.folding.values import Analog


def batchnorm(step: Step) -> Analog:
    """W' = gamma / sqrt(var + eps) . W . diag(a), b' = beta + (b - mean) . gamma / sqrt(var + eps).

    Read "W . diag(a)" as the folded synapse that stands before it. Where that is one kernel per
    stream, every kernel is scaled, and the bias enters their sum once.
    """
    module, current = step.module, step.input
    if not isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
        step.refuse("not a BatchNorm")
    mean, var = require_statistics(step, module)
    if not isinstance(current, Analog) or not current.synapses:
        step.refuse("it must stand directly behind a convolution or a linear layer")
    if len(step.node.all_input_nodes[0].users) > 1:
        step.refuse("the layer before it has other consumers; BatchNorm cannot move into it")
    for index, name in enumerate(current.synapses):
        op = step.builder.ops[name]
        if not isinstance(op, Conv2d | FactoredConv2d | Linear):
            step.refuse(f"it cannot move into {name}")
        weight, bias = fold_batchnorm(
            weight=op.weight,
            bias=op.bias,
            mean=mean,
            var=var,
            eps=module.eps,
            gamma=module.weight,
            beta=module.bias,
        )
        op.weight = weight
        if index == 0:  # the shift enters the sum of the streams once
            op.bias = bias
    return current


def require_statistics(
    step: Step, module: nn.BatchNorm2d | nn.BatchNorm1d
) -> tuple[Tensor, Tensor]:
    """Running mean and variance, [C] each; refused where there are none or they are fresh."""
    if module.running_mean is None or module.running_var is None:
        step.refuse("it has no running statistics (track_running_stats=False)")
    if module.num_batches_tracked is not None and int(module.num_batches_tracked) == 0:
        step.refuse("its running statistics were never populated; train before folding")
    return module.running_mean, module.running_var
