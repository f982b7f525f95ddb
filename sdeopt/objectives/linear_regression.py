"""``LinearRegression``: least squares, optionally with a ridge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from sdeopt.core import checks, dot, matvec, total
from sdeopt.core.contracts import Vector
from sdeopt.core.math import batch_entries, batch_matvec, batch_rmatvec
from sdeopt.objectives import datasets
from sdeopt.objectives.contract import Array, derived_field, frozen
from sdeopt.objectives.finite_sum import FiniteSum, slope_variance

__all__ = ["LinearColumns", "LinearRegression"]


@dataclass(frozen=True, eq=False, repr=False)
class LinearRegression(FiniteSum):
    """Least squares as a finite sum: f(x) = |Xx - y|²/(2n) + (l2/2)|x|².

    f = (1/n) Σ f_i with f_i(x) = ½(X_i·x - y_i)² + (l2/2)|x|², so ∇f_i = (X_i·x - y_i) X_i + l2 x and
    ∇²f = XᵀX/n + l2 I.

    Parameters
    ----------
    X : array_like, shape (n, d), or str
        Features, used as they are (add a column of ones yourself); or "diabetes": scikit-learn's 442 patients with
        10 standardised features, a column of ones and the standardised target (d = 11).
    y : array_like, shape (n,)
        Targets; not given with the name of a data set.
    l2 : float
        Ridge, >= 0; default 0.

    Raises
    ------
    ValueError
        If shapes disagree, a number is not finite, ``l2`` is negative, or there is no such data set for regression.
    ImportError
        If a data set is named and scikit-learn is missing.

    Notes
    -----
    ``optimum`` is the solution of the normal equations, (XᵀX/n + l2 I) x = Xᵀy/n (that of least norm if they are
    singular), and ``curvature`` is exact. ``start`` = 0.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.LinearRegression([[1.0, 0.0], [0.0, 2.0]], [1.0, 2.0])
    >>> f.grad(f.start).tolist(), f.optimum.round(12).tolist(), f.curvature
    ([-0.5, -2.0], [1.0, 1.0], (0.5, 2.0))
    """

    X: Any
    y: Any = None
    l2: float = 0.0
    columns: Array = derived_field()
    squares: Array = derived_field()
    count: int = derived_field()

    def __post_init__(self) -> None:
        self._store(*datasets.prepare(self.X, self.y, "regression"))
        object.__setattr__(self, "l2", checks.number("l2", self.l2, low=0.0))

    def for_many_paths(self) -> Any:
        """The same, answering for many paths at a time without a compiler."""
        return LinearColumns(self.X, self.y, self.l2)

    def value(self, x: Vector) -> Any:
        return mean_loss(self, x, matvec(self.columns, x) - self.y)

    def grad(self, x: Vector) -> Any:
        return full_grad(self, x, matvec(self.columns, x) - self.y)

    def value_and_grad(self, x: Vector) -> Any:
        r = matvec(self.columns, x) - self.y
        return mean_loss(self, x, r), full_grad(self, x, r)

    def hvp(self, x: Vector, v: Vector) -> Any:
        return matvec(self.X.T, matvec(self.columns, v)) / self.count + self.l2 * v

    def weighted_grad(self, x: Vector, w: Any) -> Any:
        r = matvec(self.columns, x) - self.y
        return matvec(self.X.T, w * r) + self.l2 * total(w) * x

    def label_grad(self, x: Vector, w: Any) -> Any:
        return matvec(self.X.T, w)

    def batch_grad(self, x: Vector, index: Any) -> Any:
        r = batch_matvec(self.X, index, x) - batch_entries(self.y, index)
        return batch_rmatvec(self.X, index, r) / index.size + self.l2 * x

    def batch_value(self, x: Vector, index: Any) -> Any:
        r = batch_matvec(self.X, index, x) - batch_entries(self.y, index)
        return 0.5 * (dot(r, r) / index.size + self.l2 * dot(x, x))

    def grad_var(self, x: Vector) -> Any:
        r = matvec(self.columns, x) - self.y
        return slope_variance(self.X, self.squares, r)

    @property
    def dim(self) -> int:
        return int(self.X.shape[1])

    @property
    def start(self) -> Array:
        return np.zeros(self.dim)

    @cached_property
    def optimum(self) -> Array:
        ridge = np.sqrt(self.l2 * self.count) * np.eye(self.dim)
        lhs, rhs = np.vstack([self.X, ridge]), np.concatenate([self.y, np.zeros(self.dim)])
        return frozen(np.linalg.lstsq(lhs, rhs)[0])

    @property
    def minimum(self) -> float:
        return float(self.value(self.optimum))

    @cached_property
    def curvature(self) -> tuple[float, float]:
        eigenvalues = np.linalg.eigvalsh(self.X.T @ self.X / self.count + self.l2 * np.eye(self.dim))
        return max(float(eigenvalues[0]), self.l2), float(eigenvalues[-1])


def mean_loss(f: Any, x: Any, r: Any) -> Any:
    """f(x), of the residuals X x - y."""
    return 0.5 * (dot(r, r) / f.count + f.l2 * dot(x, x))


def full_grad(f: Any, x: Any, r: Any) -> Any:
    """∇f(x), of the residuals X x - y."""
    return matvec(f.X.T, r) / f.count + f.l2 * x


@dataclass(frozen=True, eq=False, repr=False)
class LinearColumns(LinearRegression):
    """`LinearRegression` of x with a column per path, see `sdeopt.engine.batched`; the same numbers, to rounding."""

    batched: ClassVar[int] = 512  # paths at a time

    def value(self, x: Vector) -> Any:
        r = _residuals(self, x)
        return 0.5 * ((r * r).sum(axis=0) / self.count + self.l2 * (x * x).sum(axis=0))

    def grad(self, x: Vector) -> Any:
        return self.X.T @ _residuals(self, x) / self.count + self.l2 * x

    def value_and_grad(self, x: Vector) -> Any:
        return self.value(x), self.grad(x)

    def hvp(self, x: Vector, v: Vector) -> Any:
        return self.X.T @ (self.X @ v) / self.count + self.l2 * v

    def weighted_grad(self, x: Vector, w: Any) -> Any:
        return self.X.T @ (w * _residuals(self, x)) + self.l2 * w.sum(axis=0) * x

    def label_grad(self, x: Vector, w: Any) -> Any:
        return self.X.T @ w

    def batch_grad(self, x: Vector, index: Any) -> Any:
        r, rows = _drawn(self, x, index)
        return np.einsum("b...,b...d->d...", r, rows) / len(index) + self.l2 * x

    def batch_value(self, x: Vector, index: Any) -> Any:
        r, _ = _drawn(self, x, index)
        return 0.5 * ((r * r).sum(axis=0) / len(index) + self.l2 * (x * x).sum(axis=0))

    def grad_var(self, x: Vector) -> Any:
        r = _residuals(self, x)
        mean = self.X.T @ r / self.count
        return np.maximum(self.squares.T @ (r * r) / self.count - mean * mean, 0.0)

    def __reduce__(self) -> Any:
        return LinearColumns, (self.X, self.y, self.l2)


def _residuals(f: Any, x: Vector) -> Any:
    """Xx - y."""
    return f.X @ x - (f.y if x.ndim == 1 else f.y[:, None])


def _drawn(f: Any, x: Vector, index: Any) -> tuple[Any, Any]:
    """Residuals and rows of the examples of a batch, shapes (b, paths) and (b, paths, d), or without the paths."""
    i = index.astype(np.int64)
    rows = f.X[i]
    return np.einsum("b...d,d...->b...", rows, x) - f.y[i], rows
