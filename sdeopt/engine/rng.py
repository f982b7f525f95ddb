"""Draws with an address: (seed, stream, path, step, component) -> value, and nothing else matters.

Threefry-2x64 with 13 rounds (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011)
maps the counter (path, step pair << 32 | component) under the stream's 128-bit key to two words. Two words make two
standard normals by Box–Muller: the first belongs to the even step of the pair, the second to the odd one. So a draw
does not depend on threads, block sizes, executors, or how many paths run, and more paths keep the old ones.

The transform is branch-free polynomials with explicit fused multiply-adds (absolute error below 1e-12), so that LLVM
vectorises the loops and every width gives the same bits. Normals are bounded by 8.5 standard deviations.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

__all__ = ["Entropy", "fill", "normalise", "stream_key", "threefry"]

Entropy = tuple[int, ...]

# Chebyshev fits on [-1/2, 1/2]: sin(pi t/2)/t and cos(pi t/2) in t², and 2 atanh(s)/s in s² for the logarithm.
SIN = (-3.556386260704784e-06, 0.00016042926504495616, -0.004681752591458209, 0.07969262615574603,
       -0.645964097504309, 1.57079632679489)  # fmt: skip
COS = (-2.4850963357813638e-05, 0.0009191617369539572, -0.020863468002244645, 0.25366950715370434,
       -1.2337005501201592, 0.9999999999999444)  # fmt: skip
ATANH = (0.19608095639753054, 0.2217424991007749, 0.28572166145875727, 0.3999999489183238, 0.6666666667957926,
         1.9999999999999472)  # fmt: skip
LN2 = math.log(2.0)

U = np.uint64
PARITY, ROOT_HALF, ONE = U(0x1BD11BDAA9FC1A22), U(0x3FE6A09E667F3BCD), U(0x3FF0000000000000)
SIGN, LOW = U(0x8000000000000000), U(0xFFFFFFFF)
S1, S2, S12, S52, S32 = U(1), U(2), U(12), U(52), U(32)


@intrinsic  # type: ignore[untyped-decorator]
def _fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c rounded once."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), generate


@intrinsic  # type: ignore[untyped-decorator]
def _as_float(typing: Any, bits: Any) -> Any:
    """The float64 with these 64 bits."""
    return types.float64(types.uint64), lambda context, builder, sig, args: builder.bitcast(args[0], ir.DoubleType())


@intrinsic  # type: ignore[untyped-decorator]
def _as_bits(typing: Any, value: Any) -> Any:
    """The 64 bits of a float64."""
    return types.uint64(types.float64), lambda context, builder, sig, args: builder.bitcast(args[0], ir.IntType(64))


@intrinsic  # type: ignore[untyped-decorator]
def _stand_alone(typing: Any) -> Any:
    """Keep the calling function out of line (it compiles once, not at every call) and let it use 512-bit vectors."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.function.attributes.add("noinline")
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


inline = functools.partial(njit, error_model="numpy", forceinline=True)


@inline
def _rounds(x0: Any, x1: Any, r0: Any, r1: Any, r2: Any, r3: Any) -> Any:
    for r in (r0, r1, r2, r3):
        x0 = x0 + x1
        x1 = ((x1 << U(r)) | (x1 >> U(64 - r))) ^ x0
    return x0, x1


@inline
def threefry(x0: Any, x1: Any, k0: Any, k1: Any) -> Any:
    """Threefry-2x64-13: two words of the counter to two random words under the key (k0, k1)."""
    k2 = PARITY ^ k0 ^ k1
    x0, x1 = _rounds(x0 + k0, x1 + k1, 16, 42, 12, 31)
    x0, x1 = _rounds(x0 + k1, x1 + k2 + U(1), 16, 32, 24, 21)
    x0, x1 = _rounds(x0 + k2, x1 + k0 + U(2), 16, 42, 12, 31)
    x0, x1 = x0 + k0, x1 + k1 + U(3)
    x0 = x0 + x1
    return x0, ((x1 << U(16)) | (x1 >> U(48))) ^ x0


@inline
def _polynomial(y: Any, c: Any) -> Any:
    p = _fma(c[0], y, c[1])
    p = _fma(p, y, c[2])
    p = _fma(p, y, c[3])
    p = _fma(p, y, c[4])
    return _fma(p, y, c[5])


@inline
def _minus_log(u: Any) -> Any:
    """-ln u for u in (0, 1], by exponent and 2 atanh((m - 1)/(m + 1))."""
    bits = _as_bits(u)
    e = np.int64(bits - ROOT_HALF) >> np.int64(52)
    m = _as_float(bits - (U(e) << S52))
    s = (m - 1.0) / (m + 1.0)
    return -_fma(s, _polynomial(s * s, ATANH), float(e) * LN2)


@inline
def box_muller(a: Any, b: Any) -> Any:
    """Two standard normals from two words; radius √(-ln u) times (cos θ ∓ sin θ), two sign bits for the quadrant."""
    radius = math.sqrt(_minus_log(2.0 - _as_float((a >> S12) | ONE)))
    t = _as_float(((b << S2) >> S12) | ONE) - 1.5
    y = t * t
    sine, cosine = t * _polynomial(y, SIN), _polynomial(y, COS)
    first, second = radius * (cosine - sine), radius * (cosine + sine)
    return _as_float(_as_bits(first) ^ (b & SIGN)), _as_float(_as_bits(second) ^ ((b << S1) & SIGN))


@njit(error_model="numpy", nogil=True, cache=True)
def _pairs(first: Any, second: Any, path: Any, base: Any, increment: Any, k0: Any, k1: Any) -> None:
    """Normals at the counters base, base + increment, ...; contiguous, so that LLVM vectorises it."""
    _stand_alone()
    for i in range(first.size):
        a, b = threefry(U(path), base + U(i) * increment, k0, k1)
        first[i], second[i] = box_muller(a, b)


@njit(error_model="numpy", nogil=True, cache=True)
def _normals(out: Any, path: Any, step: Any, k0: Any, k1: Any) -> None:
    """Standard normals of the steps ``step``, ``step + 1``, ...: one row each; long rows by row, short ones by column."""
    _stand_alone()
    n, size = out.shape
    odd = step % 2
    pair = (step - odd) // 2
    pairs = (n + odd + 1) // 2
    if size >= 16:
        first, second = np.empty(size), np.empty(size)
        for j in range(pairs):
            _pairs(first, second, path, U(pair + j) << S32, S1, k0, k1)
            i = 2 * j - odd
            for c in range(size):
                if i >= 0:
                    out[i, c] = first[c]
                if i + 1 < n:
                    out[i + 1, c] = second[c]
    else:
        first, second = np.empty(pairs), np.empty(pairs)
        for c in range(size):
            _pairs(first, second, path, (U(pair) << S32) | U(c), S1 << S32, k0, k1)
            for j in range(pairs):
                i = 2 * j - odd
                if i >= 0:
                    out[i, c] = first[j]
                if i + 1 < n:
                    out[i + 1, c] = second[j]


@njit(error_model="numpy", nogil=True, cache=True)
def _uniforms(out: Any, path: Any, step: Any, k0: Any, k1: Any) -> None:
    """Uniforms in [0, 1) with 52 bits: one row a step."""
    _stand_alone()
    for i in range(out.shape[0]):
        for c in range(out.shape[1]):
            a, _ = threefry(U(path), (U(step + i) << S32) | U(c), k0, k1)
            out[i, c] = _as_float((a >> S12) | ONE) - 1.0


@njit(error_model="numpy", nogil=True, cache=True)
def fill(out: Any, count: Any, layout: Any, keys: Any, path: Any, step: Any) -> None:
    """Write the draws of ``count`` steps from ``step`` on into the rows of ``out``.

    Row v of ``layout`` is (first column, end column, kind, stride) of one vector, of ``keys`` its key. Kind 0 is
    normal, 1 uniform. A normal of stride s is the sum of the s fine normals of its step divided by √s: this is how a
    coarse step shares the Brownian path of the fine ones.
    """
    _stand_alone()
    for v in range(layout.shape[0]):
        a, b, kind, stride = layout[v, 0], layout[v, 1], layout[v, 2], layout[v, 3]
        k0, k1 = keys[v, 0], keys[v, 1]
        if kind == 1:
            _uniforms(out[:count, a:b], path, step, k0, k1)
        elif stride == 1:
            _normals(out[:count, a:b], path, step, k0, k1)
        else:
            fine = np.empty((count * stride, b - a))
            _normals(fine, path, step * stride, k0, k1)
            scale = 1.0 / math.sqrt(stride)
            for i in range(count):
                for c in range(b - a):
                    s = fine[i * stride, c]
                    for j in range(1, stride):
                        s += fine[i * stride + j, c]
                    out[i, a + c] = s * scale


def normalise(rng: Any) -> Entropy:
    """Entropy words of ``rng``: None (fresh), an int, a SeedSequence or a Generator (which is advanced)."""
    if isinstance(rng, np.random.Generator):
        return tuple(int(w) for w in rng.integers(0, 2**32, size=4))
    if isinstance(rng, np.random.SeedSequence):
        return tuple(int(w) for w in rng.generate_state(4))
    if rng is not None and (isinstance(rng, bool) or not isinstance(rng, (int, np.integer))):
        raise TypeError(f"rng must be an int, a SeedSequence, a Generator or None, got {rng!r}")
    if rng is not None and rng < 0:
        raise ValueError(f"rng must not be negative, got {rng}")
    return tuple(int(w) for w in np.random.SeedSequence(rng).generate_state(4))


def stream_key(entropy: Entropy, stream: str, resolution: int) -> tuple[int, int]:
    """The 128-bit key of a stream of draws, a word, at a resolution (fine steps in one step of the optimizer)."""
    words = tuple(stream.encode())
    a, b = np.random.SeedSequence(entropy, spawn_key=(*words, resolution)).generate_state(2, np.uint64)
    return int(a), int(b)
