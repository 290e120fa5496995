"""Learning-rate schedules, each a pure function of the spec and the step."""

from __future__ import annotations

import math

from rscore.spec import RunSpec

_RISE = 0.3
_START_DIVISOR = 25.0
_END_DIVISOR = 1e4


def learning_rate(spec: RunSpec, step: int, steps: int) -> float:
    """Learning rate of optimiser step `step` (0-based) of the run's `steps`.

    Over the first `warmup_epochs` (fractions count) the rate rises on a line from 0, where it
    stands before the first step, to the first value of the schedule. Then, with `share` the part
    of the remaining steps that is done:

    - constant: lr.
    - step: lr * step_factor ^ k in the epochs after k * step_epochs, counted from the run's start.
    - cosine: lr * (1 + cos(pi * share)) / 2.
    - one-cycle: half a cosine from lr/25 up to lr over the first 30 % of the steps, then half a
      cosine down to lr/250,000.

    Source of the warm-up: Goyal et al., Accurate, Large Minibatch SGD, 2017 (arXiv 1706.02677); of
    cosine: Loshchilov, Hutter, SGDR, 2017 (arXiv 1608.03983); of one-cycle: Smith, Topin,
    Super-Convergence, 2018 (arXiv 1708.07120), where the momentum stays as it is here.
    """
    warm = spec.warmup_epochs * steps / spec.epochs
    rising = min(1.0, (step + 1) / warm) if warm else 1.0
    done, rest = max(step - warm, 0.0), max(steps - warm, 1.0)
    return rising * _scheduled(spec, done, rest, epoch=step * spec.epochs // steps)


def _scheduled(spec: RunSpec, done: float, rest: float, *, epoch: int) -> float:
    if spec.schedule == "constant":
        return spec.lr
    if spec.schedule == "step":
        return spec.lr * spec.step_factor ** (epoch // spec.step_epochs)
    if spec.schedule == "cosine":
        return _half_cosine(spec.lr, 0.0, done / rest)
    return _one_cycle(spec.lr, done, rest)


def _one_cycle(lr: float, step: float, steps: float) -> float:
    start = lr / _START_DIVISOR
    peak = _RISE * steps - 1
    if step < peak:
        return _half_cosine(start, lr, step / peak)
    return _half_cosine(lr, start / _END_DIVISOR, (step - peak) / max(steps - 1 - peak, 1))


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
