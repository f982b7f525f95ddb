"""Draws with an address: (seed, stream, path, step, component) -> value, and nothing else matters.

Threefry-2x64 with 13 rounds (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011)
maps the counter (path, four steps << 32 | component) under the stream's 128-bit key to two words. Every word makes
two standard normals by Box–Muller, so a call serves the four steps in order. A draw does not depend on threads, block
sizes, executors, or how many paths run, and more paths keep the old ones.

The transform is branch-free polynomials with fused multiply-adds (absolute error below 1e-12): every width gives the
same bits. Of a word, 40 bits are the radius, 22 the angle in its quadrant and two the quadrant, each taken at the
middle of its cell. So normals end at 7.54 standard deviations, where 5e-14 of the law is left, and lie symmetrically.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import float64 as f64
from numba import int64 as i64
from numba import njit
from numba import uint64 as u64

from sdeopt.engine.compiler.apart import apart
from sdeopt.engine.compiler.lane_ops import divided_root, fma
from sdeopt.engine.compiler.lanes import register
from sdeopt.engine.compiler.pipeline import LOOP, OPTIONS
from sdeopt.engine.compiler.threefry import ONE, S12, S32, U, inline, threefry, wide_vectors
from sdeopt.engine.compiler.uniform import write_plain
from sdeopt.engine.compiler.words import bits, iota, lanes_of, numbers, store_words

__all__ = ["fill", "place"]

# Chebyshev fits on [-1/2, 1/2]: sin(pi t/2)/t and cos(pi t/2) in t², and 2 atanh(s)/s in s² for the logarithm.
SIN = (-3.556386260704784e-06, 0.00016042926504495616, -0.004681752591458209, 0.07969262615574603,
       -0.645964097504309, 1.57079632679489)  # fmt: skip
COS = (-2.4850963357813638e-05, 0.0009191617369539572, -0.020863468002244645, 0.25366950715370434,
       -1.2337005501201592, 0.9999999999999444)  # fmt: skip
ATANH = (0.19608095639753054, 0.2217424991007749, 0.28572166145875727, 0.3999999489183238, 0.6666666667957926,
         1.9999999999999472)  # fmt: skip
LN2 = math.log(2.0)

SIGN, RADIUS, EXPONENT, WHOLE = U(2**63), U(0x000FFFFFFFFFF000), U(0xFFF0000000000000), U(0x4330000000000000)
RAISE = U(2**63 - 0x3FE6A09E667F3BCD)  # √½ and 2048
S1, S40, S41, S42, S52 = U(1), U(40), U(41), U(42), U(52)
TOP, MIDDLE = 2.0 - 2.0**-41, 1.5 - 2.0**-23  # of all radii and angles, as 1 + their bits: middles of cells
several, one, single = iota(4 * register()), iota(register()), iota(1)


@inline
def _polynomial(y: Any, c: Any) -> Any:
    p = fma(fma(c[0], y, c[1]), y, c[2])
    p = fma(fma(p, y, c[3]), y, c[4])
    return fma(p, y, c[5])


@inline
def _minus_log(u: Any) -> Any:
    """-ln u for u = 2^e m in (0, 1), by e and 2 atanh((m - 1)/(m + 1)).

    AVX2 has no conversions of 64 bits. ``raised`` begins with e + 2048, and without it what is left of u is -m.
    """
    word = bits(u)
    raised = word + RAISE
    e = numbers((raised >> S52) | WHOLE) - (2.0**52 + 2048.0)
    m = numbers(word - (raised & EXPONENT))
    s = (m + 1.0) / (1.0 - m)
    return fma(s, _polynomial(s * s, ATANH), e * -LN2)


@inline
def box_muller(word: Any) -> Any:
    """Two standard normals from a word; radius √(-ln u) times (cos θ ∓ sin θ), two sign bits for the quadrant.

    The root is left to the divider, which has nothing else to do while the next words are made.
    """
    radius = divided_root(_minus_log(TOP - numbers(((word >> S12) & RADIUS) | ONE)))
    t = numbers(((word << S42) >> S12) | ONE) - MIDDLE
    y = t * t
    sine, cosine = t * _polynomial(y, SIN), _polynomial(y, COS)
    first, second = radius * (cosine - sine), radius * (cosine + sine)
    return numbers(bits(first) ^ ((word << S40) & SIGN)), numbers(bits(second) ^ ((word << S41) & SIGN))


@njit(**OPTIONS)
def _lines(out: Any, count: Any, columns: Any, width: Any, a: Any, b: Any, path: Any, step: Any, key: Any, ids: Any,
           begin: Any) -> Any:  # fmt: skip
    """Normals of all lanes and components, as many at once as ``ids`` has words; returns how far it got in a line.

    Lanes and components of one step stand in one line of (b - a) width numbers; lines are filled from ``begin`` on.
    """
    wide_vectors()
    group = lanes_of(ids)
    end = begin + ((b - a) * width - begin) // group * group
    shift, last = U(0), U(width - 1)
    while (1 << int(shift)) < width:
        shift += S1
    lanes, components = ids & last, ids >> shift  # of the first group; later ones are shifted by whole numbers
    i, line = begin, -(step % 4)
    while line < count and begin < end:  # one loop, so that constants are put into registers once
        four = U((step + line) // 4) << S32
        x, y = threefry(lanes + ((U(i) & last) + U(path)), components + ((U(i) >> shift) + four), key[0], key[1])
        at = (line * columns + a) * width + i
        first, second = box_muller(x)
        if line >= 0:
            store_words(out, at, first)
        if 0 <= line + 1 < count:
            store_words(out, at + columns * width, second)
        first, second = box_muller(y)
        if 0 <= line + 2 < count:
            store_words(out, at + 2 * columns * width, first)
        if line + 3 < count:
            store_words(out, at + 3 * columns * width, second)
        i += group
        if i == end:
            i, line = begin, line + 4
    return end


@njit(**OPTIONS)
def _normals(out: Any, count: Any, columns: Any, width: Any, a: Any, b: Any, path: Any, step: Any, key: Any) -> None:
    """Standard normals of the steps ``step``, ``step + 1``, ... in the columns a to b; see `fill` for the layout.

    They are computed in groups of lanes and components. ``width`` is a power of two. The zeros are ``min(a, 0)``, here
    and in `fill`, because a literal 0 would be a type of its own, and everything compiled twice.
    """
    done = _lines(out, count, columns, width, a, b, path, step, key, several(), min(a, 0))
    done = _lines(out, count, columns, width, a, b, path, step, key, one(), done)
    _lines(out, count, columns, width, a, b, path, step, key, single(), done)


@apart(f64[::1], i64, i64, i64, i64[:, ::1], u64[:, ::1], i64, i64)
@njit(**LOOP)
def fill(out: Any, count: Any, columns: Any, width: Any, layout: Any, keys: Any, path: Any, step: Any) -> None:
    """Write the draws of ``count`` steps from ``step`` on, for ``width`` paths from ``path`` on.

    ``out`` is flat: the number of step i, column c and lane l stands at (i columns + c) width + l. Row v of ``layout``
    is (first column, end column, kind, stride) of one vector of draws, row v of ``keys`` its key. Kind 0 is normal, 1
    uniform, 2 left to `place`, 3 examples in epochs, with their number in the place of a stride. A normal of stride s
    is the sum of the s fine normals of its step divided by √s: this is how a coarse step shares the Brownian path of
    the fine ones. A uniform of stride s, of which there is no such sum, is the first of its s.
    """
    wide_vectors()
    write_plain(out, count, columns, width, layout, keys, path, step)
    for v in range(layout.shape[0]):
        a, b, kind, stride = layout[v, 0], layout[v, 1], layout[v, 2], layout[v, 3]
        key = (keys[v, 0], keys[v, 1])
        if kind == 0 and stride == 1:
            _normals(out, count, columns, width, a, b, path, step, key)
        elif kind == 0:
            size = (b - a) * width
            fine = np.empty(min(count, 4) * stride * size)
            scale = 1.0 / math.sqrt(stride)
            for i in range(count):
                if i % 4 == 0:  # so that no call of the generator is made twice
                    ahead = min(count - i, 4) * stride
                    _normals(fine, ahead, b - a, width, min(a, 0), b - a, path, (step + i) * stride, key)
                at, row = (i * columns + a) * width, i % 4 * stride * size
                for c in range(size):
                    out[at + c] = fine[row + c]
                for j in range(1, stride):
                    for c in range(size):
                        out[at + c] += fine[row + j * size + c]
                for c in range(size):
                    out[at + c] *= scale


@apart(f64[::1], i64, i64, i64, i64[:, ::1], f64[:, :, ::1], i64, i64)
@njit(**LOOP)
def place(out: Any, count: Any, columns: Any, width: Any, layout: Any, given: Any, path: Any, step: Any) -> None:
    """Write draws of kind 2, which `fill` leaves out: ``given`` holds them, (paths, steps, their columns in order).

    ``path`` is the first of the ``width`` paths within ``given``; lanes beyond its last path repeat it.
    """
    first = 0
    for v in range(layout.shape[0]):
        a, b, kind = layout[v, 0], layout[v, 1], layout[v, 2]
        if kind == 2:
            for i in range(count):
                for c in range(b - a):
                    for lane in range(width):
                        row = min(path + lane, given.shape[0] - 1)
                        out[(i * columns + a + c) * width + lane] = given[row, step + i, first + c]
            first += b - a
