"""``MatrixSensing``: a matrix as the product of two thin ones, of which only some linear measurements are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, dot, matvec
from sdeopt.core.contracts import Vector
from sdeopt.core.math import batch_entries, batch_matvec, batch_rmatvec
from sdeopt.objectives.contract import Array, Smooth, derived_field, frozen
from sdeopt.objectives.matrix_factorization import product, pull

__all__ = ["MatrixSensing"]


@dataclass(frozen=True, eq=False, repr=False)
class MatrixSensing(Smooth):
    """Matrix sensing: f(U, V) = Σ_i (⟨A_i, UVᵀ⟩ - y_i)²/(2n) with U (p, r) and V (q, r), ⟨A, B⟩ = Σ_ab A_ab B_ab.

    The state is x = (U, V), each flattened row by row; d = (p + q) r. f is the mean of f_i = ½ r_i² with the residual
    r_i = ⟨A_i, UVᵀ⟩ - y_i, and ∇f_i = r_i (A_i V, A_iᵀ U). With R = Σ_i r_i A_i/n the Hessian takes (A, B) to
    (ṘV + RB, ṘᵀU + RᵀA), Ṙ = Σ_i ⟨A_i, AVᵀ + UBᵀ⟩ A_i/n. Where all residuals are 0 its trace is
    Σ_i (|A_i V|² + |A_iᵀ U|²)/n, in which the minima with few measurements differ.

    Parameters
    ----------
    sensors : array_like, shape (n, p, q)
        The A_i.
    y : array_like, shape (n,)
        What is measured.
    rank : int
        r, from 1 to min(p, q).

    Raises
    ------
    ValueError
        If shapes disagree, a number is not finite or the rank is out of range.

    Notes
    -----
    ``start`` = 0.3 (cos 1, cos 2, ..., cos d), without symmetry. ``optimum`` and ``minimum`` are not known, as the
    objective is not convex; with y_i = ⟨A_i, M⟩ for an M of rank r the smallest value is 0.

    References
    ----------
    Gunasekar, S. et al. (2017). Implicit regularization in matrix factorization. arXiv:1705.09280.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.MatrixSensing([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 2.0], [0.0, 0.0]]], [1.0, 4.0], rank=1)
    >>> x = np.array([1.0, 0.0, 1.0, 1.0])  # UVᵀ = ((1, 1), (0, 0)), so the residuals are 0 and -2
    >>> f.dim, float(f.value(x)), f.grad(x).tolist()
    (4, 1.0, [-2.0, 0.0, 0.0, -2.0])
    """

    sensors: Any
    y: Any
    rank: int
    X: Array = derived_field()
    rows: int = derived_field()
    cols: int = derived_field()
    count: int = derived_field()

    def __post_init__(self) -> None:
        sensors = checks.array("sensors", self.sensors, ndim=3)
        n, rows, cols = sensors.shape
        y, rank = checks.array("y", self.y, shape=(n,)), checks.dimension("rank", self.rank)
        if rank > min(rows, cols):
            raise ValueError(f"rank must be at most {min(rows, cols)} for sensors of shape {(rows, cols)}, got {rank}")
        known = {"sensors": sensors, "y": y, "rank": rank, "rows": rows, "cols": cols, "count": n}
        for name, value in (known | {"X": frozen(sensors.reshape(n, rows * cols).copy())}).items():
            object.__setattr__(self, name, value)

    def value(self, x: Vector) -> Any:
        r = residuals(self, x)
        return 0.5 * dot(r, r) / self.count

    def grad(self, x: Vector) -> Any:
        return pulled(self, matvec(self.X.T, residuals(self, x)) / self.count, x)

    def value_and_grad(self, x: Vector) -> Any:
        r = residuals(self, x)
        return 0.5 * dot(r, r) / self.count, pulled(self, matvec(self.X.T, r) / self.count, x)

    def hvp(self, x: Vector, v: Vector) -> Any:
        r = matvec(self.X.T, residuals(self, x)) / self.count
        dr = matvec(self.X.T, matvec(self.X, multiplied(self, v, x) + multiplied(self, x, v))) / self.count
        return pulled(self, dr, x) + pulled(self, r, v)

    def examples(self) -> Any:
        """Number n of measurements."""
        return self.count

    def weighted_grad(self, x: Vector, w: Any) -> Any:
        return pulled(self, matvec(self.X.T, w * residuals(self, x)), x)

    def label_grad(self, x: Vector, w: Any) -> Any:
        return pulled(self, matvec(self.X.T, w), x)

    def batch_grad(self, x: Vector, index: Any) -> Any:
        r = batch_matvec(self.X, index, multiplied(self, x, x)) - batch_entries(self.y, index)
        return pulled(self, batch_rmatvec(self.X, index, r) / index.size, x)

    def batch_value(self, x: Vector, index: Any) -> Any:
        r = batch_matvec(self.X, index, multiplied(self, x, x)) - batch_entries(self.y, index)
        return 0.5 * dot(r, r) / index.size

    def grad_var(self, x: Vector) -> Any:
        r = residuals(self, x)
        mean, square = pulled(self, matvec(self.X.T, r) / self.count, x), 0.0 * x
        for i in range(self.count):
            g = r[i] * pulled(self, self.X[i], x)
            square = square + g * g
        return np.maximum(square / self.count - mean * mean, 0.0)

    @property
    def dim(self) -> int:
        return (self.rows + self.cols) * self.rank

    @property
    def start(self) -> Array:
        return np.asarray(0.3 * np.cos(np.arange(1.0, self.dim + 1.0)))


def multiplied(f: Any, a: Any, b: Any) -> Any:
    """UVᵀ, flattened, for the U in ``a`` and the V in ``b``."""
    return product(a, b, f.rows, f.cols, f.rank)


def pulled(f: Any, r: Any, x: Any) -> Any:
    """(RV, RᵀU), flattened like x = (U, V)."""
    return pull(r, x, f.rows, f.cols, f.rank)


def residuals(f: Any, x: Any) -> Any:
    """⟨A_i, UVᵀ⟩ - y_i."""
    return matvec(f.X, multiplied(f, x, x)) - f.y
