"""Draws that are not normal: uniforms, and the examples of epochs; a layout of these alone compiles at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import float64 as f64
from numba import int64 as i64
from numba import njit
from numba import uint64 as u64
from numba.extending import intrinsic

from sdeopt.engine.compiler.apart import apart
from sdeopt.engine.compiler.pipeline import LOOP, OPTIONS
from sdeopt.engine.compiler.threefry import ONE, random_words, wide_vectors
from sdeopt.engine.compiler.words import Value

__all__ = ["fill_plain", "write_plain"]


@intrinsic
def _uniform(typing: Any, path: Any, at: Any, k0: Any, k1: Any) -> Any:
    """A uniform in [0, 1) from 52 bits of the first word."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word, _ = random_words(*(Value(builder, a) for a in args))
        return (((word >> 12) | ONE).number() - 1.0).held

    return f64(*[u64] * 4), generate


@njit(**OPTIONS)
def _uniforms(out: Any, count: Any, columns: Any, width: Any, a: Any, b: Any, path: Any, step: Any, key: Any,
              stride: Any) -> None:  # fmt: skip
    """Uniforms, the first of the ``stride`` fine ones of every step."""
    wide_vectors()
    for i in range(count):
        for c in range(b - a):
            for lane in range(width):
                u = _uniform(path + lane, (((step + i) * stride) << 32) | c, key[0], key[1])
                out[(i * columns + a + c) * width + lane] = u


@njit(**OPTIONS)
def _epochs(out: Any, count: Any, columns: Any, width: Any, a: Any, b: Any, path: Any, step: Any, key: Any,
            n: Any) -> None:  # fmt: skip
    """Example numbers, b - a of n in a step: an epoch walks a permutation of its own, as far as whole steps reach.

    The permutation is Fisher's and Yates's, with a uniform for every place, and is made anew where a call begins
    within an epoch.
    """
    size = b - a
    steps = n // size
    order = np.empty(n, np.int64)
    for lane in range(width):
        done = 0
        for i in range(count):
            epoch, place = (step + i) // steps, (step + i) % steps
            if i == 0 or place == 0:
                done = 0
                for c in range(n):
                    order[c] = c
            for c in range(done, (place + 1) * size):
                other = c + int(_uniform(path + lane, (epoch << 32) | c, key[0], key[1]) * (n - c))
                order[c], order[other] = order[other], order[c]
            done = (place + 1) * size
            for c in range(size):
                out[(i * columns + a + c) * width + lane] = order[place * size + c]


@njit(**OPTIONS)
def write_plain(out: Any, count: Any, columns: Any, width: Any, layout: Any, keys: Any, path: Any, step: Any) -> None:
    """The draws of a layout that are uniforms, or examples in epochs."""
    for v in range(layout.shape[0]):
        a, b, kind, number = layout[v, 0], layout[v, 1], layout[v, 2], layout[v, 3]
        key = (keys[v, 0], keys[v, 1])
        if kind == 1:
            _uniforms(out, count, columns, width, a, b, path, step, key, number)
        elif kind == 3:
            _epochs(out, count, columns, width, a, b, path, step, key, number)


@apart(f64[::1], i64, i64, i64, i64[:, ::1], u64[:, ::1], i64, i64)
@njit(**LOOP)
def fill_plain(out: Any, count: Any, columns: Any, width: Any, layout: Any, keys: Any, path: Any, step: Any) -> None:
    """`fill` for layouts without normals, whose generator takes seconds to compile."""
    write_plain(out, count, columns, width, layout, keys, path, step)
