"""The sums of a page: total, dot, norm, matvec (and a product), each taken from the first entry to the last.

NumPy adds pairwise and BLAS in blocks; with one order of addition an interpreted and a compiled run of the same page
agree bit for bit. The engine replaces these functions by compiled twins; the Python bodies below are what
"interpreted" means. The elementary functions are in ``sdeopt.core.elementary``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.core.elementary import fma

__all__ = [
    "average",
    "basis",
    "batch_entries",
    "batch_matvec",
    "batch_rmatvec",
    "column",
    "dot",
    "each",
    "filled",
    "firsts",
    "lower_matvec",
    "matvec",
    "norm",
    "pairs",
    "pieces",
    "product",
    "seconds",
    "total",
]


def total(x: Any) -> Any:
    """Sum of a vector, from the first entry to the last."""
    return np.cumsum(x, axis=0)[-1]


def product(x: Any) -> Any:
    """Product of the entries of a vector, from the first to the last."""
    return np.cumprod(x, axis=0)[-1]


def dot(a: Any, b: Any) -> Any:
    """Scalar product of two vectors, summed from the first entry to the last."""
    return np.cumsum(a * b, axis=0)[-1]


def norm(x: Any) -> Any:
    """Euclidean length of a vector."""
    return np.sqrt(np.cumsum(x * x, axis=0)[-1])


def matvec(a: Any, x: Any) -> Any:
    """``a @ x``; a one-dimensional ``a`` stands for a diagonal matrix. Columns are added from first to last, fused."""
    if a.ndim == 1:
        return a * x
    if x.ndim == 2:  # many vectors at a time, side by side; a column stands for a diagonal matrix then
        if a.shape[1] == 1:
            return a * x
        a = a[:, :, None]
    s = a[:, 0] * x[0]
    for j in range(1, len(x)):
        s = fma(a[:, j], x[j], s)
    return s


def lower_matvec(a: Any, x: Any) -> Any:
    """`matvec` for a lower triangular matrix, of which lanes skip the zeros."""
    return matvec(a, x)


def batch_entries(v: Any, index: Any) -> Any:
    """``v[index]`` for whole numbers ``index``, which here and below may be floats, as draws are."""
    return v[index.astype(np.int64)]


def batch_matvec(a: Any, index: Any, x: Any) -> Any:
    """``a[index] @ x``, the rows in ``index`` times a vector; the engine copies no rows."""
    return matvec(a[index.astype(np.int64)], x)


def batch_rmatvec(a: Any, index: Any, s: Any) -> Any:
    """``a[index].T @ s``, the sum of the rows in ``index``, each times its number."""
    return matvec(a[index.astype(np.int64)].T, s)


def basis(x: Any, i: Any) -> Any:
    """The unit vector along coordinate i, of the shape of the vector ``x``."""
    e = np.zeros(x.shape)
    e[i] = 1.0
    return e


def filled(value: Any, like: Any) -> Any:
    """The vector of the shape of ``like`` with every entry ``value``; a vector stays what it is."""
    return np.full(like.shape, value)


def pairs(d: int) -> Any:
    """The pairs of coordinates i > j, two index arrays: (1, 0), (2, 0), (2, 1), ...; one is a pair with itself."""
    return np.tril_indices(d, -1) if d > 1 else (np.zeros(1, np.int64),) * 2


def firsts(x: Any) -> Any:
    """x_i of every pair of coordinates i > j: (1, 0), (2, 0), (2, 1), ...; one coordinate is a pair with itself."""
    return x[pairs(len(x))[0]]


def seconds(x: Any) -> Any:
    """x_j of every pair of coordinates i > j, in the order of `firsts`."""
    return x[pairs(len(x))[1]]


def column(c: Any, x: Any, j: Any) -> Any:
    """The vector of c_ij over i: of numbers ``c`` for the pairs of `firsts`, 0 for i <= j; of the shape of ``x``."""
    out = np.zeros(x.shape)
    i = np.arange(j + 1, len(x))
    out[i] = c[i * (i - 1) // 2 + j]
    return out


def pieces(x: Any, like: Any) -> Any:
    """The vector ``x`` cut into equal pieces, one for each member of the tuple ``like``; np.concatenate joins them."""
    size = len(x) // len(like)
    return tuple(x[i * size : (i + 1) * size] for i in range(len(like)))


def each(f: Any, *given: Any) -> Any:
    """The tuple of f(...) with the i-th members of the tuples among the arguments; other arguments serve every call."""
    count = next(len(a) for a in given if _plain(a))
    return tuple(f(*(a[i] if _plain(a) else a for a in given)) for i in range(count))


def _plain(a: Any) -> bool:
    """Whether ``a`` is a tuple, not a named one."""
    return isinstance(a, tuple) and not hasattr(a, "_fields")


def average(vectors: Any) -> Any:
    """The mean of the members of a tuple, summed from the first to the last."""
    return add_members(vectors) / len(vectors)


def add_members(vectors: Any) -> Any:
    """The sum of the members of a tuple, from the first to the last."""
    s = vectors[0]
    for i in range(1, len(vectors)):
        s = s + vectors[i]
    return s
