"""What the finite sums f = (1/n) Σ f_i over the rows of a matrix X share.

All of them have ∇_β f_i = s_i X_i + l2 β for a vector of slopes s, so each answer is one or two products with X.
X is kept as it is, for batches and products with its transpose; by columns, with which all scores are found in vector
registers; and squared, for the diagonal of the gradient covariance.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.core import matvec
from sdeopt.objectives.contract import Array, Smooth, fortran, frozen

__all__ = ["FiniteSum", "slope_variance"]

SMALL = 1024  # numbers that one order is enough for


class FiniteSum(Smooth):
    """Base of the finite sums; ``X``, ``y``, ``columns``, ``squares`` and ``count`` are fields."""

    X: Any
    y: Any
    columns: Array
    squares: Array
    count: int

    def _store(self, X: Array, y: Array) -> None:
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "y", y)
        object.__setattr__(self, "columns", fortran(X) if X.size > SMALL else X)
        object.__setattr__(self, "squares", frozen(X * X))
        object.__setattr__(self, "count", X.shape[0])

    def examples(self) -> Any:
        """Number n of examples."""
        return self.count


def slope_variance(X: Any, squares: Any, slopes: Any) -> Any:
    """(1/n) Σ_i (s_i X_ij - mean)² for every column j, from the entries X_ij and their squares."""
    n = X.shape[0]
    mean = matvec(X.T, slopes) / n
    return np.maximum(matvec(squares.T, slopes * slopes) / n - mean * mean, 0.0)
