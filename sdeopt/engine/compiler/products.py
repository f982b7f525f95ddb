"""Products of large matrices with vectors: columns are added one after the other, the same fused sum for every row.

Of a matrix in Fortran order 32 rows at a time stay in vector registers over all columns. Of others eight sums stand
side by side, each a number: as many as the processor adds in the time that one takes. Squares of C order transposed in
registers took a third less of a product that lies in the first level of memory, and as much of a larger one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from sdeopt.engine.compiler.lane_ops import fma
from sdeopt.engine.compiler.lanes import loader, storer, wide_vectors
from sdeopt.engine.compiler.pipeline import OPTIONS

__all__ = ["by_columns", "by_rows", "some_columns", "some_rows"]


def _block_of_columns(place: Any) -> Any:
    """Four vectors of eight rows of a Fortran-ordered product, in registers over the columns ``place(index, j)``.

    The last ones may repeat rows: as many sums wait for one another in every case, so fewer would take as long.
    """
    load, store = loader(1, 8), storer(8)

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


def _by_rows(place: Any) -> Any:
    """A function (a, count, index, b): ``count`` rows ``place(index, k)`` of ``a``, as they lie, times ``b``.

    Eight sums are made side by side; the last ones may repeat rows, as in `_block_of_columns`.
    """
    place = njit(place, **OPTIONS)

    @njit(**OPTIONS)
    def row(a: Any, count: int, index: Any, k: int) -> Any:
        return a[place(index, min(k, count - 1))]

    @njit(**OPTIONS)
    def product(a: Any, count: int, index: Any, b: Any) -> Any:
        out = np.empty(count)
        for k in range(0, count, 8):
            a0, a1 = row(a, count, index, k), row(a, count, index, k + 1)
            a2, a3 = row(a, count, index, k + 2), row(a, count, index, k + 3)
            a4, a5 = row(a, count, index, k + 4), row(a, count, index, k + 5)
            a6, a7 = row(a, count, index, k + 6), row(a, count, index, k + 7)
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = -0.0  # a fused sum with it is the product, its sign too
            for j in range(b.size):
                s0, s1 = fma(a0[j], b[j], s0), fma(a1[j], b[j], s1)
                s2, s3 = fma(a2[j], b[j], s2), fma(a3[j], b[j], s3)
                s4, s5 = fma(a4[j], b[j], s4), fma(a5[j], b[j], s5)
                s6, s7 = fma(a6[j], b[j], s6), fma(a7[j], b[j], s7)
            sums = (s0, s1, s2, s3, s4, s5, s6, s7)
            for i in range(min(8, count - k)):
                out[k + i] = sums[i]
        return out

    return product


by_rows, some_rows = _by_rows(lambda index, k: k), _by_rows(lambda index, k: int(index[k]))
