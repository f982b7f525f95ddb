"""``Logistic``: binary logistic regression with a ridge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sdeopt.core import checks, dot, exp, log, matvec, total, where
from sdeopt.core.contracts import Vector
from sdeopt.core.entrywise import entrywise
from sdeopt.core.math import batch_entries, batch_matvec, batch_rmatvec
from sdeopt.objectives import datasets
from sdeopt.objectives.contract import Array, derived_field, frozen
from sdeopt.objectives.finite_sum import FiniteSum, slope_variance

__all__ = ["Logistic"]


@dataclass(frozen=True, eq=False, repr=False)
class Logistic(FiniteSum):
    """Logistic regression as a finite sum: f(x) = (1/n) Σ log(1 + exp(-s_i X_i·x)) + (l2/2)|x|², labels s_i = ±1.

    With the margin m_i = s_i X_i·x and σ(m) = 1/(1 + e^(-m)): ∇f_i = -s_i σ(-m_i) X_i + l2 x and
    ∇²f = (1/n) Σ σ(m_i) σ(-m_i) X_i X_iᵀ + l2 I. Margins of any size are safe.

    Parameters
    ----------
    X : array_like, shape (n, d), or str
        Features, used as they are (add a column of ones yourself); or the name of one of scikit-learn's data sets,
        standardised, with a column of ones: "breast_cancer" (569 biopsies, d = 31; benign = 1) or "digits" (1797
        images, d = 62; is the digit 5 or more?).
    y : array_like, shape (n,)
        Labels, 0 and 1, or -1 and 1; kept as ±1. Not given with the name of a data set.
    l2 : float
        Ridge, >= 0; default 0.01. All coordinates are shrunk, the intercept too.

    Raises
    ------
    ValueError
        If shapes disagree, a number is not finite, a label is something else, ``l2`` is negative, or there is no such
        data set for classification.
    ImportError
        If a data set is named and scikit-learn is missing.

    Notes
    -----
    ``optimum`` comes from Newton's method, on first use. Without a ridge it is None where the classes can be separated
    (the infimum is then not attained, as for "breast_cancer") or the features are collinear. ``curvature`` is (l2,
    l2 + λ_max(XᵀX)/(4n)), the bounds over all x. ``start`` = 0.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.Logistic([[1.0], [1.0], [1.0], [1.0]], [1, 1, 1, 0], l2=0.0)
    >>> f.grad(f.start).tolist(), round(f.optimum.item(), 9)  # log(3/1)
    ([-0.25], 1.098612289)
    """

    X: Any
    y: Any = None
    l2: float = 0.01
    columns: Array = derived_field()
    squares: Array = derived_field()
    count: int = derived_field()

    def __post_init__(self) -> None:
        X, y = datasets.prepare(self.X, self.y, "classification")
        self._store(X, signs(y))
        object.__setattr__(self, "l2", checks.number("l2", self.l2, low=0.0))

    def labels(self) -> Any:
        """The labels, -1 and 1."""
        return self.y

    def value(self, x: Vector) -> Any:
        m = self.y * matvec(self.columns, x)
        return mean_loss(self, x, m, decays(m))

    def grad(self, x: Vector) -> Any:
        m = self.y * matvec(self.columns, x)
        return full_grad(self, x, m, decays(m))

    def value_and_grad(self, x: Vector) -> Any:
        m = self.y * matvec(self.columns, x)
        e = decays(m)
        return mean_loss(self, x, m, e), full_grad(self, x, m, e)

    def hvp(self, x: Vector, v: Vector) -> Any:
        bent = bends(matvec(self.columns, x)) * matvec(self.columns, v)
        return matvec(self.X.T, bent) / self.count + self.l2 * v

    def weighted_grad(self, x: Vector, w: Any) -> Any:
        s = slopes(self.y, matvec(self.columns, x))
        return matvec(self.X.T, w * s) + self.l2 * total(w) * x

    def batch_grad(self, x: Vector, index: Any) -> Any:
        return mean_grad(self, x, index)

    def batch_class_grads(self, x: Vector, index: Any) -> Any:
        return class_mean(self, x, index, -1.0), class_mean(self, x, index, 1.0)

    def class_draws(self, u: Any) -> Any:
        few, many = np.flatnonzero(self.y < 0.0), np.flatnonzero(self.y > 0.0)
        half = u.size // 2
        first = few[np.floor(u[:half] * len(few)).astype(np.int64)]
        return 1.0 * np.concatenate((first, many[np.floor(u[half:] * len(many)).astype(np.int64)]))

    @property
    def classes(self) -> int:
        """How many classes have examples."""
        return len(np.unique(self.y))

    def class_losses(self) -> dict[str, Any]:
        """For ``observables=``: the mean of the f_i over the examples of every class, "loss of class -1" and so on."""
        each = {c: self.y == c for c in np.unique(self.y)}
        return {f"loss of class {c:g}": _mean_of(self.X[of], self.y[of], self.l2) for c, of in each.items()}

    def batch_value(self, x: Vector, index: Any) -> Any:
        m = batch_entries(self.y, index) * batch_matvec(self.X, index, x)
        return total(losses(m, decays(m))) / index.size + 0.5 * self.l2 * dot(x, x)

    def grad_var(self, x: Vector) -> Any:
        s = slopes(self.y, matvec(self.columns, x))
        return slope_variance(self.X, self.squares, s)

    @property
    def dim(self) -> int:
        return int(self.X.shape[1])

    @property
    def start(self) -> Array:
        return np.zeros(self.dim)

    @cached_property
    def optimum(self) -> Array | None:
        x = newton(self)
        separated = bool((self.y * (self.X @ x) > 0.0).all())
        eigenvalues = np.linalg.eigvalsh(full_hessian(self, x))
        if self.l2 == 0.0 and (separated or eigenvalues[0] < 1e-8 * eigenvalues[-1]):
            return None
        return frozen(x)

    @property
    def minimum(self) -> float | None:
        return None if self.optimum is None else float(self.value(self.optimum))

    @cached_property
    def curvature(self) -> tuple[float, float]:
        largest = float(np.linalg.norm(self.X, 2)) ** 2
        return self.l2, self.l2 + largest / (4.0 * self.count)


def _mean_of(X: Array, y: Array, l2: float) -> Any:
    """The mean of some f_i, number by number, as lanes take arrays of a function's own."""

    def loss(x: Any) -> Any:
        s = 0.0 * x[0]
        for i in range(X.shape[0]):
            m = 0.0 * x[0]
            for j in range(X.shape[1]):
                m = m + y[i] * X[i, j] * x[j]
            s = s + log(1.0 + exp(-np.abs(m))) - np.minimum(m, 0.0)
        return s / X.shape[0] + 0.5 * l2 * dot(x, x)

    return loss


def mean_loss(f: Any, x: Any, m: Any, e: Any) -> Any:
    """f(x), of the margins m and e^(-|m|)."""
    return total(losses(m, e)) / f.count + 0.5 * f.l2 * dot(x, x)


def full_grad(f: Any, x: Any, m: Any, e: Any) -> Any:
    """∇f(x), of the same."""
    return matvec(f.X.T, -f.y * risks(m, e)) / f.count + f.l2 * x


def mean_grad(f: Any, x: Any, index: Any) -> Any:
    """Mean gradient of the examples with these numbers."""
    s = slopes(batch_entries(f.y, index), batch_matvec(f.X, index, x))
    return batch_rmatvec(f.X, index, s) / index.size + f.l2 * x


def class_mean(f: Any, x: Any, index: Any, label: float) -> Any:
    """Mean gradient of those of one class among the examples with these numbers, 0 if there is none."""
    count = 0
    chosen = np.empty(len(index))
    for i in range(len(index)):
        if f.y[int(index[i])] == label:
            chosen[count] = index[i]
            count += 1
    if count == 0:
        return 0.0 * x
    return mean_grad(f, x, chosen[:count])


@entrywise
def decays(m: Any) -> Any:
    """e^(-|m|) of the margins m, which never overflows."""
    return exp(-np.abs(m))


@entrywise
def losses(m: Any, e: Any) -> Any:
    """log(1 + e^(-m)), of the margins m and e^(-|m|)."""
    return log(1.0 + e) - np.minimum(m, 0.0)


@entrywise
def risks(m: Any, e: Any) -> Any:
    """σ(-m), likewise."""
    return where(m > 0.0, e, 1.0) / (1.0 + e)


@entrywise
def slopes(y: Any, scores: Any) -> Any:
    """-s σ(-s score), the derivative of one loss by its score."""
    m = y * scores
    return -y * risks(m, decays(m))


def signs(y: Array) -> Array:
    """Return labels as -1 and 1."""
    labels = set(np.unique(y).tolist())
    if not (labels <= {0.0, 1.0} or labels <= {-1.0, 1.0}):
        raise ValueError(f"y must hold the labels 0 and 1, or -1 and 1, got {sorted(labels)[:5]}")
    return frozen(np.where(y > 0, 1.0, -1.0))


@entrywise
def bends(scores: Any) -> Any:
    """σ(score) σ(-score), the second derivative of one loss by its score."""
    e = exp(-np.abs(scores))
    return e / ((1.0 + e) * (1.0 + e))


def newton(f: Logistic) -> Array:
    """Newton's method, its steps halved until the gradient shrinks; it ends where rounding lets it shrink no more."""
    x, g = f.start, f.grad(f.start)
    for _ in range(100):
        step = np.linalg.lstsq(full_hessian(f, x), g)[0]
        size = 1.0
        while np.linalg.norm(f.grad(x - size * step)) >= np.linalg.norm(g):
            size /= 2.0
            if size < 1e-3:
                return x
        x = x - size * step
        g = f.grad(x)
    return x


def full_hessian(f: Logistic, x: Array) -> Array:
    """∇²f(x) in one matrix product."""
    weighted = bends(f.X @ x)[:, None] * f.X
    return np.asarray(f.X.T @ weighted / f.count + f.l2 * np.eye(f.dim))
