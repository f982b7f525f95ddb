"""Products of large matrices with vectors: columns are added one after the other, the same fused sum for every row.

Several rows at a time stay in vector registers over all columns. A column of a matrix in Fortran order is loaded as it
lies in memory; of one in C order a square of eight rows and columns is loaded and transposed in registers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from sdeopt.engine.compiler.lane_ops import call, fma
from sdeopt.engine.compiler.lanes import I32, I64, Pack, element, loader, rebuild, splat, storer
from sdeopt.engine.compiler.pipeline import OPTIONS
from sdeopt.engine.compiler.threefry import wide_vectors

__all__ = ["by_columns", "by_rows", "some_columns", "some_entries", "some_rows", "strided"]


def _block_of_columns(place: Any) -> Any:
    """Four vectors of eight rows of a Fortran-ordered product, in registers over the columns ``place(index, j)``.

    The last ones may repeat rows: as many sums wait for one another in every case, so fewer would take as long.
    """
    load, store = loader(0, 1, 8), storer(8)

    @njit(**OPTIONS)
    def block(a: Any, rows: int, index: Any, b: Any, out: Any, i: int) -> None:
        wide_vectors()
        i0, i1, i2, i3 = min(i, rows - 8), min(i + 8, rows - 8), min(i + 16, rows - 8), min(i + 24, rows - 8)
        at = place(index, 0) * rows
        s0, s1 = load(a, at + i0) * b[0], load(a, at + i1) * b[0]
        s2, s3 = load(a, at + i2) * b[0], load(a, at + i3) * b[0]
        for j in range(1, b.size):
            at = place(index, j) * rows
            s0, s1 = fma(load(a, at + i0), b[j], s0), fma(load(a, at + i1), b[j], s1)
            s2, s3 = fma(load(a, at + i2), b[j], s2), fma(load(a, at + i3), b[j], s3)
        store(out, i0, s0)
        store(out, i1, s1)
        store(out, i2, s2)
        store(out, i3, s3)

    return block


def _by_columns(place: Any) -> Any:
    """A function (a, index, b): the columns ``place(index, j)`` of the transpose of ``a``, in C order, times ``b``."""
    place = njit(place, **OPTIONS)
    block = _block_of_columns(place)

    @njit(**OPTIONS)
    def product(a: Any, index: Any, b: Any) -> Any:
        rows = a.shape[1]
        out = np.empty(rows)
        if rows >= 8:
            for i in range(0, rows, 32):
                block(a, rows, index, b, out, i)
        else:
            for i in range(rows):
                s = a[place(index, 0), i] * b[0]
                for j in range(1, b.size):
                    s = fma(a[place(index, j), i], b[j], s)
                out[i] = s
        return out

    return product


by_columns, some_columns = _by_columns(lambda index, j: j), _by_columns(lambda index, j: int(index[j]))


def _transpose(builder: Any, lines: Any) -> Any:
    """The transpose of eight vectors of eight: one bit of (line, place) after the other changes sides."""
    for bit in (1, 2, 4):
        low = [8 + i - bit if i & bit else i for i in range(8)]
        high = [8 + i if i & bit else i + bit for i in range(8)]
        masks = [ir.Constant(element(8, I32), chosen) for chosen in (low, high)]
        pairs = [(lines[k & ~bit], lines[k | bit], masks[bool(k & bit)]) for k in range(8)]
        lines = [builder.shuffle_vector(*pair) for pair in pairs]
    return lines


def _columns(builder: Any, data: Any, places: Any, count: int) -> Any:
    """The first ``count`` columns, 8 or 1, of the eight rows that begin at these places."""
    starts = [builder.gep(data, [place]) for place in places]
    if count == 8:
        lines = [builder.load(builder.bitcast(start, element(8).as_pointer())) for start in starts]
        for line in lines:
            line.align = 8
        return _transpose(builder, lines)
    column = ir.Constant(element(8), ir.Undefined)
    for k, start in enumerate(starts):
        column = builder.insert_element(column, builder.load(start), I32(k))
    return [column]


def _adder(vectors: int, columns: int) -> Any:
    """An intrinsic (a, at, size of a row, b, j, s): s plus columns j to j + ``columns`` (8 or 1) times b there.

    ``at`` is the place in memory of the entry in the first of the rows and of the columns, s a sum for each row.
    """
    kind = Pack(vectors, 8)

    @intrinsic
    def add(typing: Any, a: Any, at: Any, size: Any, b: Any, j: Any, s: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            data, factors = (context.make_array(signature.args[i])(context, builder, args[i]).data for i in (0, 3))
            sums = []
            for v in range(vectors):
                places = [builder.add(args[1], builder.mul(args[2], I64(8 * v + k))) for k in range(8)]
                s = builder.extract_value(args[5], v)
                for c, column in enumerate(_columns(builder, data, places, columns)):
                    factor = builder.load(builder.gep(factors, [builder.add(args[4], I64(c))]))
                    s = call(builder, "llvm.fma", column, splat(builder, factor, 8), s)
                sums.append(s)
            return rebuild(builder, sums)

        return kind(a, types.intp, types.intp, b, types.intp, kind), generate

    return add


def _block_of_rows(vectors: int) -> Any:
    """``vectors`` times eight rows of a product with a matrix in C order."""
    square, column, store, size = _adder(vectors, 8), _adder(vectors, 1), storer(8), 8 * vectors

    @njit(**OPTIONS)
    def block(a: Any, b: Any, out: Any, i: int) -> int:
        wide_vectors()
        n = b.size
        s = -0.0  # a fused sum with it is the product, its sign too
        for j in range(0, n - n % 8, 8):
            s = square(a, i * n + j, n, b, j, s)
        for j in range(n - n % 8, n):
            s = column(a, i * n + j, n, b, j, s)
        store(out, i, s)
        return i + size

    return block


two, one = _block_of_rows(2), _block_of_rows(1)


@njit(**OPTIONS)
def strided(a: Any, b: Any) -> Any:
    """Any other matrix times a vector."""
    rows, n = a.shape
    out = np.empty(rows)
    for i in range(rows):
        s = a[i, 0] * b[0]
        for j in range(1, n):
            s = fma(a[i, j], b[j], s)
        out[i] = s
    return out


@njit(**OPTIONS)
def by_rows(a: Any, b: Any) -> Any:
    """A matrix in C order times a vector, in blocks of rows; the last block may repeat rows."""
    rows, n = a.shape
    if rows < 8:
        return strided(a, b)
    out = np.empty(rows)
    i = 0
    while i < rows:
        if rows >= 16 and rows - i > 8:
            i = two(a, b, out, min(i, rows - 16))
        else:
            i = one(a, b, out, min(i, rows - 8))
    return out


@njit(**OPTIONS)
def some_entries(v: Any, index: Any) -> Any:
    """The entries ``index`` of a vector."""
    out = np.empty(index.size)
    for k in range(index.size):
        out[k] = v[int(index[k])]
    return out


@njit(**OPTIONS)
def some_rows(a: Any, index: Any, b: Any) -> Any:
    """The rows ``index`` of a matrix in C order times a vector, as they lie, four sums side by side."""
    last, out = index.size - 1, np.empty(index.size)
    for k in range(0, index.size, 4):
        k1, k2, k3 = min(k + 1, last), min(k + 2, last), min(k + 3, last)
        i0, i1, i2, i3 = int(index[k]), int(index[k1]), int(index[k2]), int(index[k3])
        s0, s1, s2, s3 = a[i0, 0] * b[0], a[i1, 0] * b[0], a[i2, 0] * b[0], a[i3, 0] * b[0]
        for j in range(1, b.size):
            s0, s1 = fma(a[i0, j], b[j], s0), fma(a[i1, j], b[j], s1)
            s2, s3 = fma(a[i2, j], b[j], s2), fma(a[i3, j], b[j], s3)
        out[k], out[k1], out[k2], out[k3] = s0, s1, s2, s3
    return out
