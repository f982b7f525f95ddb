"""``MatrixFactorization``: a matrix as the product of two thin ones, the smallest deep linear network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, dot
from sdeopt.core.contracts import Vector
from sdeopt.objectives.contract import Array, Smooth, derived_field

__all__ = ["MatrixFactorization"]


@dataclass(frozen=True, eq=False, repr=False)
class MatrixFactorization(Smooth):
    """Low-rank factorization of M (m, n): f(U, V) = ½|UVᵀ - M|²_F with U (m, r) and V (n, r).

    The state is x = (U, V), each flattened row by row; d = (m + n) r. With R = UVᵀ - M: ∇_U f = RV, ∇_V f = RᵀU, and
    the Hessian takes (A, B) to (ṘV + RB, ṘᵀU + RᵀA) with Ṙ = AVᵀ + UBᵀ.

    Parameters
    ----------
    target : array_like, shape (m, n)
        The matrix M.
    rank : int
        r, from 1 to min(m, n).

    Raises
    ------
    ValueError
        If M is not finite or the rank is out of range.

    Notes
    -----
    ``optimum`` = (L√S, Q√S) from the leading part L S Qᵀ of the singular value decomposition, one of a whole orbit of
    minimisers, and ``minimum`` = ½ Σ_{k > r} s_k² (Eckart & Young 1936); if the s_k differ and none is 0, every other
    critical point is a saddle (Baldi & Hornik 1989). ``start`` = 0.1 √s₁ (cos 1, cos 2, ..., cos d): small, as studies
    of implicit bias begin (Gunasekar et al. 2017), and without symmetry.

    References
    ----------
    Baldi, P. & Hornik, K. (1989). Neural networks and principal component analysis: learning from examples without
    local minima. Neural Networks 2, 53-58.
    Eckart, C. & Young, G. (1936). The approximation of one matrix by another of lower rank. Psychometrika 1, 211-218.
    Gunasekar, S. et al. (2017). Implicit regularization in matrix factorization. arXiv:1705.09280.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.MatrixFactorization([[2.0, 0.0], [0.0, 1.0]], rank=1)
    >>> f.dim, f.minimum
    (4, 0.5)
    """

    target: Any
    rank: int
    rows: int = derived_field()
    cols: int = derived_field()
    entries: Array = derived_field()

    def __post_init__(self) -> None:
        target = checks.array("target", self.target, ndim=2)
        rank = checks.dimension("rank", self.rank)
        if rank > min(target.shape):
            raise ValueError(
                f"rank must be at most {min(target.shape)} for a target of shape {target.shape}, got {rank}"
            )
        known = {"target": target, "rank": rank, "rows": target.shape[0], "cols": target.shape[1]}
        for name, value in (known | {"entries": target.ravel()}).items():
            object.__setattr__(self, name, value)

    def value(self, x: Vector) -> Any:
        r = product(x, x, self.rows, self.cols, self.rank) - self.entries
        return 0.5 * dot(r, r)

    def grad(self, x: Vector) -> Any:
        r = product(x, x, self.rows, self.cols, self.rank) - self.entries
        return pull(r, x, self.rows, self.cols, self.rank)

    def hvp(self, x: Vector, v: Vector) -> Any:
        r = product(x, x, self.rows, self.cols, self.rank) - self.entries
        dr = product(v, x, self.rows, self.cols, self.rank) + product(x, v, self.rows, self.cols, self.rank)
        return pull(dr, x, self.rows, self.cols, self.rank) + pull(r, v, self.rows, self.cols, self.rank)

    @property
    def dim(self) -> int:
        return (self.rows + self.cols) * self.rank

    @property
    def start(self) -> Array:
        largest = float(np.linalg.norm(self.target, 2))
        return np.asarray(0.1 * np.sqrt(largest) * np.cos(np.arange(1.0, self.dim + 1.0)))

    @property
    def optimum(self) -> Array:
        left, s, right = np.linalg.svd(self.target, full_matrices=False)
        root = np.sqrt(s[: self.rank])
        return np.concatenate([(left[:, : self.rank] * root).ravel(), (right[: self.rank].T * root).ravel()])

    @property
    def minimum(self) -> float:
        rest = np.linalg.svd(self.target, compute_uv=False)[self.rank :]
        return 0.5 * float(rest @ rest)


def product(a: Any, b: Any, rows: int, cols: int, rank: int) -> Any:
    """UVᵀ, flattened row by row, for the U in ``a`` and the V in ``b``."""
    out = np.empty(rows * cols)
    for i in range(rows):
        for j in range(cols):
            u = a[i * rank : (i + 1) * rank]
            v = b[(rows + j) * rank : (rows + j + 1) * rank]
            out[i * cols + j] = dot(u, v)
    return out


def pull(r: Any, x: Any, rows: int, cols: int, rank: int) -> Any:
    """(RV, RᵀU), flattened like x = (U, V)."""
    out = np.zeros((rows + cols) * rank)
    for i in range(rows):
        for j in range(cols):
            for k in range(rank):
                out[i * rank + k] += r[i * cols + j] * x[(rows + j) * rank + k]
                out[(rows + j) * rank + k] += r[i * cols + j] * x[i * rank + k]
    return out
