"""Encoding and read-out: normalised image, frames, repeat over T, mean over T."""

from __future__ import annotations

from rscore.folding.ops import FlattenTimeOp, NormalizeOp, RepeatTimeOp, TimeMeanOp
from rscore.folding.rules.currents import current_of
from rscore.folding.rules.step import Step
from rscore.folding.values import Analog
from rscore.networks.layers import FlattenTime, Normalize, RepeatTime, TimeMean


def normalize(step: Step) -> Analog:
    """Kept as it is: folding the shift into a zero-padded convolution is wrong at the border."""
    module, image = step.module, step.image()
    if not isinstance(module, Normalize):
        step.refuse("not a normalisation")
    op = NormalizeOp(mean=module.mean, std=module.std)
    return Analog(step.builder.add(step.name, op, image.node), from_image=True)


def flatten_time(step: Step) -> Analog:
    """The frames of a recording, each a current of its own step."""
    module, frames = step.module, step.image()
    if not isinstance(module, FlattenTime):
        step.refuse("not a flatten of time")
    op = FlattenTimeOp(num_timesteps=module.num_timesteps)
    return Analog(step.builder.add(step.name, op, frames.node), from_image=True)


def repeat_time(step: Step) -> Analog:
    """The current of the image, repeated."""
    module, image = step.module, step.image()
    if not isinstance(module, RepeatTime):
        step.refuse("not a time repeat")
    op = RepeatTimeOp(num_timesteps=module.num_timesteps)
    return Analog(step.builder.add(step.name, op, image.node), from_image=True)


def time_mean(step: Step) -> Analog:
    """The mean over T of the last layer's currents, or of scaled spikes."""
    module, current = step.module, current_of(step, step.input)
    if not isinstance(module, TimeMean):
        step.refuse("not a read-out")
    op = TimeMeanOp(num_timesteps=module.num_timesteps)
    return Analog(step.builder.add(step.name, op, current.node), from_image=False)
