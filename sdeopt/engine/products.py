"""Products of large matrices with vectors: columns are added one after the other, the same fused sum for every row.

Of a Fortran-ordered matrix up to 32 rows at a time stay in vector registers over all columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from sdeopt.engine.inner import OPTIONS
from sdeopt.engine.lane_ops import fma
from sdeopt.engine.lanes import loader, storer
from sdeopt.engine.rng import wide_vectors

__all__ = ["strided", "tall"]


def _block(vectors: int) -> Any:
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


block32, block16, block8 = _block(4), _block(2), _block(1)


@njit(**OPTIONS)
def tall(flat: Any, rows: int, b: Any) -> Any:
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
