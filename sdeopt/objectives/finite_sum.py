"""What the finite sums f = (1/n) Σ f_i over the rows of a matrix X share.

All of them have ∇_β f_i = s_i X_i + l2 β for a vector of slopes s, so each answer is one or two products with X.
X is kept twice: in row order for Xᵀs and for single examples, in column order for Xβ (``matvec`` walks over columns).
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from sdeopt.core import dot
from sdeopt.objectives.contract import Array, Smooth, fortran

__all__ = ["FiniteSum", "square_slopes"]


class FiniteSum(Smooth):
    """Base of the finite sums; ``X``, ``columns`` and ``count`` are fields."""

    X: Any
    y: Any
    columns: Array
    count: int

    def _store(self, X: Array, y: Array) -> None:
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "y", y)
        object.__setattr__(self, "columns", fortran(X))
        object.__setattr__(self, "count", X.shape[0])

    def examples(self) -> Any:
        """Number n of examples."""
        return self.count


def derived() -> Any:
    """A field that ``_store`` fills."""
    return field(init=False, repr=False)


def square_slopes(columns: Any, slopes: Any, shift: Any) -> Any:
    """(1/n) Σ_i (s_i X_ij + shift_j)² for every column j."""
    squares = np.empty(columns.shape[1])
    for j in range(columns.shape[1]):
        g = slopes * columns[:, j] + shift[j]
        squares[j] = dot(g, g) / columns.shape[0]
    return squares
