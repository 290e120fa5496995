"""Triton programs of the neuron; see reference.py for the equations. Imported on CUDA only."""

# mypy: ignore-errors
# ruff: noqa: D103, N803, RET505

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def _spike(u, threshold, TERNARY: tl.constexpr):
    fired = tl.where(u >= threshold, 1.0, 0.0)
    if TERNARY:
        fired = fired - tl.where(u <= -threshold, 1.0, 0.0)
    return fired


@triton.jit
def _after_reset(u, s, threshold, SOFT: tl.constexpr):
    if SOFT:
        return u - threshold * s
    return u * (1.0 - tl.abs(s))


@triton.jit
def _reset_slope(u, s, threshold, SOFT: tl.constexpr, TERNARY: tl.constexpr):
    if SOFT:
        return u * 0.0 - threshold
    elif TERNARY:
        return -u * s
    else:
        return -u


@triton.jit
def _slope(distance, width, SURROGATE: tl.constexpr):
    size = tl.abs(distance)
    if SURROGATE == "rectangle":
        return tl.where(size < width / 2, 1.0 / width, 0.0)
    elif SURROGATE == "triangle":
        return tl.maximum(1.0 - size / width, 0.0) / width
    elif SURROGATE == "atan":
        x = distance * (3.141592653589793 / width)
        return 1.0 / (width * (1.0 + x * x))
    elif SURROGATE == "fast-sigmoid":
        x = 1.0 + size * (2.0 / width)
        return 1.0 / (width * x * x)
    elif SURROGATE == "sigmoid":
        p = 1.0 / (1.0 + tl.exp(-distance * (4.0 / width)))
        return (4.0 / width) * p * (1.0 - p)
    else:
        p = 1.0 / (1.0 + tl.exp(-distance * (4.0 / width)))
        x = 2.0 * p - 1.0
        return (1.0 - x * x) / width


@triton.jit
def forward(
    x_ptr,
    a_ptr,
    o_ptr,
    decay,
    threshold,
    neurons,
    period,
    run,
    STEPS: tl.constexpr,
    BLOCK: tl.constexpr,
    SOFT: tl.constexpr,
    TERNARY: tl.constexpr,
    SCALED: tl.constexpr,
):
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = place < neurons
    if SCALED:
        a = tl.load(a_ptr + place // run % period)
    v = tl.zeros([BLOCK], dtype=tl.float32)
    for _ in range(STEPS):
        u = v * decay + tl.load(x_ptr + place, mask=inside, other=0.0).to(tl.float32)
        s = _spike(u, threshold, TERNARY)
        v = _after_reset(u, s, threshold, SOFT)
        if SCALED:
            s = s * a
        tl.store(o_ptr + place, s.to(o_ptr.dtype.element_ty), mask=inside)
        place += neurons


@triton.jit
def backward(
    g_ptr,
    x_ptr,
    a_ptr,
    u_ptr,
    h_ptr,
    of_decay_ptr,
    of_amplitude_ptr,
    decay,
    threshold,
    width,
    neurons,
    period,
    run,
    STEPS: tl.constexpr,
    BLOCK: tl.constexpr,
    SOFT: tl.constexpr,
    TERNARY: tl.constexpr,
    SCALED: tl.constexpr,
    DETACH: tl.constexpr,
    SURROGATE: tl.constexpr,
):
    first = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = first < neurons
    if SCALED:
        a = tl.load(a_ptr + first // run % period)
    place = first
    v = tl.zeros([BLOCK], dtype=tl.float32)
    for _ in range(STEPS):
        u = v * decay + tl.load(x_ptr + place, mask=inside, other=0.0).to(tl.float32)
        tl.store(u_ptr + place, u, mask=inside)
        v = _after_reset(u, _spike(u, threshold, TERNARY), threshold, SOFT)
        place += neurons
    tl.debug_barrier()
    h = tl.zeros([BLOCK], dtype=tl.float32)
    of_decay = tl.zeros([BLOCK], dtype=tl.float32)
    of_amplitude = tl.zeros([BLOCK], dtype=tl.float32)
    for _ in range(STEPS):
        place -= neurons
        u = tl.load(u_ptr + place, mask=inside, other=0.0)
        g = tl.load(g_ptr + place, mask=inside, other=0.0).to(tl.float32)
        s = _spike(u, threshold, TERNARY)
        slope = _slope(u - threshold, width, SURROGATE)
        if TERNARY:
            slope += _slope(u + threshold, width, SURROGATE)
        if SCALED:
            of_amplitude += g * s
            g = g * a
        c = h * decay
        of_decay += h * _after_reset(u, s, threshold, SOFT)
        if not DETACH:
            g += c * _reset_slope(u, s, threshold, SOFT, TERNARY)
        h = g * slope
        if SOFT:
            h += c
        else:
            h += c * (1.0 - tl.abs(s))
        tl.store(h_ptr + place, h.to(h_ptr.dtype.element_ty), mask=inside)
    tl.store(of_decay_ptr + tl.program_id(0), tl.sum(tl.where(inside, of_decay, 0.0)))
    if SCALED:
        tl.store(of_amplitude_ptr + first, of_amplitude, mask=inside)
