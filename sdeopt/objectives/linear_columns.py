"""``LinearColumns``: least squares that answers for many paths at a time, in NumPy's products, without a compiler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sdeopt.core.contracts import Vector
from sdeopt.objectives.linear_regression import LinearRegression

__all__ = ["LinearColumns"]


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
