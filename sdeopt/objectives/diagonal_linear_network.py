"""``DiagonalLinearNetwork``: least squares through β = u² - v², where the size of the start chooses the solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import dot, matvec
from sdeopt.core.contracts import Vector
from sdeopt.core.math import batch_entries, batch_matvec, batch_rmatvec
from sdeopt.objectives import datasets
from sdeopt.objectives.contract import Array, derived_field
from sdeopt.objectives.finite_sum import FiniteSum, slope_variance

__all__ = ["DiagonalLinearNetwork"]


@dataclass(frozen=True, eq=False, repr=False)
class DiagonalLinearNetwork(FiniteSum):
    """A diagonal linear network: f(u, v) = |Xβ - y|²/(2n) with β = u∘u - v∘v.

    The state is x = (u, v), d = 2p. f is the mean of f_i = ½(X_i·β - y_i)²; with h = Xᵀ(Xβ - y)/n, the gradient is
    (2u∘h, -2v∘h), and the Hessian takes (a, b) to (2a∘h + 2u∘ḣ, -2b∘h - 2v∘ḣ), ḣ = XᵀX(2u∘a - 2v∘b)/n. From a small
    start α·1 gradient flow finds the interpolator of least ℓ₁ norm, from a large one that of least ℓ₂ norm (Woodworth
    et al. 2020).

    Parameters
    ----------
    X : array_like, shape (n, p)
        Features.
    y : array_like, shape (n,)
        Targets.

    Raises
    ------
    ValueError
        If shapes disagree or a number is not finite.

    Notes
    -----
    ``optimum`` = (√max(β, 0), √max(-β, 0)) for the least-squares β of least norm: one minimiser of many.
    ``start`` = 0.1 · 1.

    References
    ----------
    Woodworth, B. et al. (2020). Kernel and rich regimes in overparametrized models. arXiv:2002.09277.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.DiagonalLinearNetwork([[1.0, 2.0]], [4.0])
    >>> f.dim, f.grad(f.start).round(12).tolist()
    (4, [-0.8, -1.6, 0.8, 1.6])
    """

    X: Any
    y: Any
    columns: Array = derived_field()
    squares: Array = derived_field()
    count: int = derived_field()
    width: int = derived_field()

    def __post_init__(self) -> None:
        self._store(*datasets.prepare(self.X, self.y, "regression"))
        object.__setattr__(self, "width", self.X.shape[1])

    def value(self, x: Vector) -> Any:
        return mean_loss(self, residuals(self, x))

    def grad(self, x: Vector) -> Any:
        return full_grad(self, x, residuals(self, x))

    def value_and_grad(self, x: Vector) -> Any:
        r = residuals(self, x)
        return mean_loss(self, r), full_grad(self, x, r)

    def hvp(self, x: Vector, v: Vector) -> Any:
        r = residuals(self, x)
        dr = matvec(self.columns, 2.0 * difference(x, v, self.width))
        h = matvec(self.X.T, r) / self.count
        dh = matvec(self.X.T, dr) / self.count
        return twice(v, h, self.width) + twice(x, dh, self.width)

    def weighted_grad(self, x: Vector, w: Any) -> Any:
        return twice(x, matvec(self.X.T, w * residuals(self, x)), self.width)

    def label_grad(self, x: Vector, w: Any) -> Any:
        return twice(x, matvec(self.X.T, w), self.width)

    def batch_grad(self, x: Vector, index: Any) -> Any:
        r = batch_matvec(self.X, index, difference(x, x, self.width)) - batch_entries(self.y, index)
        return twice(x, batch_rmatvec(self.X, index, r) / index.size, self.width)

    def batch_value(self, x: Vector, index: Any) -> Any:
        r = batch_matvec(self.X, index, difference(x, x, self.width)) - batch_entries(self.y, index)
        return 0.5 * dot(r, r) / index.size

    def grad_var(self, x: Vector) -> Any:
        h = slope_variance(self.X, self.squares, residuals(self, x))
        return 4.0 * x * x * np.concatenate((h, h))

    @property
    def dim(self) -> int:
        return 2 * self.width

    @property
    def start(self) -> Array:
        return np.full(self.dim, 0.1)

    @property
    def optimum(self) -> Array:
        beta = np.linalg.lstsq(self.X, self.y)[0]
        return np.asarray(np.sqrt(np.concatenate([np.maximum(beta, 0.0), np.maximum(-beta, 0.0)])))

    @property
    def minimum(self) -> float:
        return float(self.value(self.optimum))


def residuals(f: Any, x: Any) -> Any:
    """X β(x) - y."""
    return matvec(f.columns, difference(x, x, f.width)) - f.y


def mean_loss(f: Any, r: Any) -> Any:
    """f(x), of the residuals."""
    return 0.5 * dot(r, r) / f.count


def full_grad(f: Any, x: Any, r: Any) -> Any:
    """∇f(x), of the residuals."""
    return twice(x, matvec(f.X.T, r) / f.count, f.width)


def difference(a: Any, b: Any, width: int) -> Any:
    """u_a∘u_b - v_a∘v_b; β when both are x, half its derivative along v when they are x and v."""
    return a[:width] * b[:width] - a[width:] * b[width:]


def twice(x: Any, h: Any, width: int) -> Any:
    """(2u∘h, -2v∘h), the gradient in (u, v) for the gradient h in β."""
    return np.concatenate((2.0 * x[:width] * h, -2.0 * x[width:] * h))
