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
from llvmlite import ir
from numba import float64 as f64
from numba import int64 as i64
from numba import njit, types
from numba import uint64 as u64
from numba.extending import intrinsic

from sdeopt.engine.compiler.apart import apart
from sdeopt.engine.compiler.lanes import I64, Pack, element, register, storer
from sdeopt.engine.compiler.pipeline import LOOP, OPTIONS
from sdeopt.engine.compiler.threefry import ONE, random_words, wide_vectors
from sdeopt.engine.compiler.uniform import write_plain
from sdeopt.engine.compiler.words import Value, fma, returned, root

__all__ = ["box_muller", "fill", "place"]

# Chebyshev fits on [-1/2, 1/2]: sin(pi t/2)/t and cos(pi t/2) in t², and 2 atanh(s)/s in s² for the logarithm.
SIN = (-3.556386260704784e-06, 0.00016042926504495616, -0.004681752591458209, 0.07969262615574603,
       -0.645964097504309, 1.57079632679489)  # fmt: skip
COS = (-2.4850963357813638e-05, 0.0009191617369539572, -0.020863468002244645, 0.25366950715370434,
       -1.2337005501201592, 0.9999999999999444)  # fmt: skip
ATANH = (0.19608095639753054, 0.2217424991007749, 0.28572166145875727, 0.3999999489183238, 0.6666666667957926,
         1.9999999999999472)  # fmt: skip
LN2 = math.log(2.0)

SIGN, RADIUS, EXPONENT, WHOLE = 2**63, 0x000FFFFFFFFFF000, 0xFFF0000000000000, 0x4330000000000000
RAISE = 2**63 - 0x3FE6A09E667F3BCD  # √½ and 2048
TOP, MIDDLE = 2.0 - 2.0**-41, 1.5 - 2.0**-23  # of all radii and angles, as 1 + their bits: middles of cells


def _polynomial(y: Value, c: tuple[float, ...]) -> Value:
    p = y.like(c[0])
    for a in c[1:]:
        p = fma(p, y, a)
    return p


def _minus_log(u: Value) -> Value:
    """-ln u for u = 2^e m in (0, 1), by e and 2 atanh((m - 1)/(m + 1)).

    AVX2 has no conversions of 64 bits. ``raised`` begins with e + 2048, and without it what is left of u is -m.
    """
    word = u.word()
    raised = word + RAISE
    e = ((raised >> 52) | WHOLE).number() - (2.0**52 + 2048.0)
    m = (word - (raised & EXPONENT)).number()
    s = (m + 1.0) / (1.0 - m)
    return fma(s, _polynomial(s * s, ATANH), e * -LN2)


def _pair(word: Value) -> tuple[Value, Value]:
    """Two standard normals from a word; radius √(-ln u) times (cos θ ∓ sin θ), two sign bits for the quadrant.

    The root is left to the divider, which has nothing else to do while the next words are made.
    """
    radius = root(_minus_log(TOP - (((word >> 12) & RADIUS) | ONE).number()))
    t = (((word << 42) >> 12) | ONE).number() - MIDDLE
    y = t * t
    sine, cosine = t * _polynomial(y, SIN), _polynomial(y, COS)
    first, second = radius * (cosine - sine), radius * (cosine + sine)
    return (first.word() ^ ((word << 40) & SIGN)).number(), (second.word() ^ ((word << 41) & SIGN)).number()


@intrinsic
def box_muller(typing: Any, word: Any) -> Any:
    """Two standard normals from a word, or of every lane from the bits of a pack."""
    lanes = isinstance(word, Pack)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = Value(builder, builder.extract_value(args[0], 0) if lanes else args[0]).word()
        return returned(context, builder, signature, _pair(bits))

    return types.UniTuple(word if lanes else f64, 2)(word if lanes else u64), generate


def _group(size: int) -> Any:
    """An intrinsic for the words of ``size`` lanes and components at once, see `_writer`."""

    @intrinsic
    def words(typing: Any, i: Any, shift: Any, last: Any, path: Any, four: Any, k0: Any, k1: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            i, shift, last, path, four, k0, k1 = (Value(builder, a) for a in args)
            ids = Value(builder, ir.Constant(element(size, I64), list(range(size))))
            lanes, components = ids & last, ids >> shift  # of the first group; later ones are shifted by whole numbers
            made = random_words(lanes + ((i & last) + path), components + ((i >> shift) + four), k0, k1)
            return returned(context, builder, signature, made)

        return types.UniTuple(Pack(0, size), 2)(*[u64] * 7), generate

    return words


def _writer(group: int) -> Any:
    """A function that makes normals of all lanes and components, ``group`` at once, and says how far it got in a line.

    Lanes and components of one step stand in one line of (b - a) width numbers; lines are filled from ``begin`` on.
    """
    words, store = _group(group), storer(group)

    @njit(**OPTIONS)
    def write(out: Any, count: Any, columns: Any, width: Any, a: Any, b: Any, path: Any, step: Any, key: Any,
              begin: Any) -> Any:  # fmt: skip
        wide_vectors()
        end = begin + ((b - a) * width - begin) // group * group
        shift = 0
        while (1 << shift) < width:
            shift += 1
        i, line = begin, -(step % 4)
        while line < count and begin < end:  # one loop, so that constants are put into registers once
            x, y = words(i, shift, width - 1, path, ((step + line) // 4) << 32, key[0], key[1])
            at = (line * columns + a) * width + i
            first, second = box_muller(x)
            if line >= 0:
                store(out, at, first)
            if 0 <= line + 1 < count:
                store(out, at + columns * width, second)
            first, second = box_muller(y)
            if 0 <= line + 2 < count:
                store(out, at + 2 * columns * width, first)
            if line + 3 < count:
                store(out, at + 3 * columns * width, second)
            i += group
            if i == end:
                i, line = begin, line + 4
        return end

    return write


several, one, single = _writer(4 * register()), _writer(register()), _writer(1)


@njit(**OPTIONS)
def _normals(out: Any, count: Any, columns: Any, width: Any, a: Any, b: Any, path: Any, step: Any, key: Any) -> None:
    """Standard normals of the steps ``step``, ``step + 1``, ... in the columns a to b; see `fill` for the layout.

    They are computed in groups of lanes and components. ``width`` is a power of two. The zeros are ``min(a, 0)``, here
    and in `fill`, because a literal 0 would be a type of its own, and everything compiled twice.
    """
    done = several(out, count, columns, width, a, b, path, step, key, min(a, 0))
    done = one(out, count, columns, width, a, b, path, step, key, done)
    single(out, count, columns, width, a, b, path, step, key, done)


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
