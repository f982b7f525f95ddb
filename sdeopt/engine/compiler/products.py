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
from sdeopt.engine.compiler.rng import wide_vectors

__all__ = ["by_columns", "by_rows", "strided"]


def _block_of_columns(vectors: int) -> Any:
    """``vectors`` times eight rows of a Fortran-ordered product, in registers over all columns."""
    load, store, size = loader(0, vectors, 8), storer(8), 8 * vectors

    @njit(**OPTIONS)
    def block(flat: Any, rows: int, b: Any, out: Any, i: int) -> int:
        wide_vectors()
        s = load(flat, i) * b[0]
        for j in range(1, b.size):
            s = fma(load(flat, j * rows + i), b[j], s)
        store(out, i, s)
        return i + size

    return block


block32, block16, block8 = _block_of_columns(4), _block_of_columns(2), _block_of_columns(1)


@njit(**OPTIONS)
def by_columns(flat: Any, rows: int, b: Any) -> Any:
    """A Fortran-ordered matrix, flat, times a vector, in blocks of rows; the last block may repeat rows."""
    out = np.empty(rows)
    i = 0
    while i < rows:
        if rows >= 32 and rows - i > 16:
            i = block32(flat, rows, b, out, min(i, rows - 32))
        elif rows >= 16 and rows - i > 8:
            i = block16(flat, rows, b, out, min(i, rows - 16))
        elif rows >= 8:
            i = block8(flat, rows, b, out, min(i, rows - 8))
        else:
            s = flat[i] * b[0]
            for j in range(1, b.size):
                s = fma(flat[j * rows + i], b[j], s)
            out[i] = s
            i += 1
    return out


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
    """An intrinsic (flat, at, size of a row, b, j, s): s plus columns j to j + ``columns`` (8 or 1) times b there.

    ``flat[at]`` is the entry in the first of the rows and of the columns, s a sum for each row.
    """
    kind = Pack(vectors, 8)

    @intrinsic
    def add(typing: Any, flat: Any, at: Any, size: Any, b: Any, j: Any, s: Any) -> Any:
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

        return kind(flat, types.intp, types.intp, b, types.intp, kind), generate

    return add


def _block_of_rows(vectors: int) -> Any:
    """``vectors`` times eight rows of a product with a matrix in C order."""
    square, column, store, size = _adder(vectors, 8), _adder(vectors, 1), storer(8), 8 * vectors

    @njit(**OPTIONS)
    def block(flat: Any, b: Any, out: Any, i: int) -> int:
        wide_vectors()
        n = b.size
        s = -0.0  # a fused sum with it is the product, its sign too
        for j in range(0, n - n % 8, 8):
            s = square(flat, i * n + j, n, b, j, s)
        for j in range(n - n % 8, n):
            s = column(flat, i * n + j, n, b, j, s)
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
    flat, out = a.reshape(a.size), np.empty(rows)
    i = 0
    while i < rows:
        if rows >= 16 and rows - i > 8:
            i = two(flat, b, out, min(i, rows - 16))
        else:
            i = one(flat, b, out, min(i, rows - 8))
    return out
