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
    s_ptr,
    decay,
    threshold,
    neurons,
    STEPS: tl.constexpr,
    BLOCK: tl.constexpr,
    SOFT: tl.constexpr,
    TERNARY: tl.constexpr,
):
    index = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = index < neurons
    v = tl.zeros([BLOCK], dtype=tl.float32)
    for t in range(STEPS):
        place = index + t * neurons.to(tl.int64)
        u = v * decay + tl.load(x_ptr + place, mask=inside, other=0.0).to(tl.float32)
        s = _spike(u, threshold, TERNARY)
        tl.store(s_ptr + place, s.to(s_ptr.dtype.element_ty), mask=inside)
        v = _after_reset(u, s, threshold, SOFT)


@triton.jit
def backward(
    g_ptr,
    x_ptr,
    u_ptr,
    h_ptr,
    sum_ptr,
    decay,
    threshold,
    width,
    neurons,
    STEPS: tl.constexpr,
    BLOCK: tl.constexpr,
    SOFT: tl.constexpr,
    TERNARY: tl.constexpr,
    DETACH: tl.constexpr,
    SURROGATE: tl.constexpr,
):
    index = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = index < neurons
    v = tl.zeros([BLOCK], dtype=tl.float32)
    for t in range(STEPS):
        place = index + t * neurons.to(tl.int64)
        u = v * decay + tl.load(x_ptr + place, mask=inside, other=0.0).to(tl.float32)
        tl.store(u_ptr + place, u, mask=inside)
        v = _after_reset(u, _spike(u, threshold, TERNARY), threshold, SOFT)
    later = tl.zeros([BLOCK], dtype=tl.float32)
    decay_grad = tl.zeros([BLOCK], dtype=tl.float32)
    for back in range(STEPS):
        place = index + (STEPS - 1 - back) * neurons.to(tl.int64)
        u = tl.load(u_ptr + place, mask=inside, other=0.0)
        g = tl.load(g_ptr + place, mask=inside, other=0.0).to(tl.float32)
        s = _spike(u, threshold, TERNARY)
        slope = _slope(u - threshold, width, SURROGATE)
        if TERNARY:
            slope += _slope(u + threshold, width, SURROGATE)
        c = later * decay
        decay_grad += later * _after_reset(u, s, threshold, SOFT)
        if not DETACH:
            if SOFT:
                g -= c * threshold
            elif TERNARY:
                g -= c * u * s
            else:
                g -= c * u
        h = g * slope
        if SOFT:
            h += c
        else:
            h += c * (1.0 - tl.abs(s))
        tl.store(h_ptr + place, h.to(h_ptr.dtype.element_ty), mask=inside)
        later = h
    tl.store(sum_ptr + tl.program_id(0), tl.sum(tl.where(inside, decay_grad, 0.0)))
