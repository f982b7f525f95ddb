"""``Minibatch`` and ``PoissonBatch``: the noise of sampling examples of a finite sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sdeopt.core import checks, foreign, total, where
from sdeopt.core.contracts import Draws, Vector
from sdeopt.core.oracle import (
    Oracle,
    batch_class_grads,
    batch_grad,
    batch_value,
    examples,
    grad,
    grad_var,
    noisy_grad,
    weighted_grad,
)
from sdeopt.noise.directions import clipped
from sdeopt.noise.law import Law

__all__ = ["Minibatch", "PoissonBatch"]

FINITE_SUM = ("examples", "weighted_grad", "batch_grad", "grad_var")
OF_BATCH = {"noisy_value": "batch_value", "noisy_class_grads": "batch_class_grads"}  # what the objective answers


class _Examples(Law):
    """What the laws that draw examples share; ``batch`` is a field."""

    batch: int

    def check(self, objective: Any) -> None:
        if any(not callable(getattr(objective, name, None)) for name in FINITE_SUM):
            raise ValueError(
                f"{type(objective).__name__} is not a finite sum, so there are no examples to draw a batch from: use "
                f"{type(self).__name__} with a finite sum such as LinearRegression, or additive noise such as "
                "Gaussian(scale)"
            )

    def lacks(self, question: str, objective: Any) -> str | None:
        """What only additive noise has, and what only formulas of the law give."""
        if question == "root_additive_cov":
            return f"{self!r} depends on x, so it is not additive noise: use Gaussian with a constant scale or cov"
        if question in OF_BATCH:
            lack: str | None = objective.lacks(OF_BATCH[question])
            return lack
        if question in ("mean_sign", "root_sign_cov", "root_square_cov"):
            return f"{self!r} has no closed form of it; the SDE 'sampled' does without"
        return super().lacks(question, objective)

    def brownian(self, question: str, objective: Any) -> tuple[int, ...]:
        """One normal per example of the data, see the class."""
        return (int(objective.examples()),)

    def batch_size(self, o: Oracle) -> Any:
        return 1.0 * self.batch

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return noisy_grad(o, x, z) - grad(o, x)


@dataclass(frozen=True, eq=False, repr=False)
class Minibatch(_Examples):
    """The optimizer sees (1/B) Σ_{i in batch} ∇f_i(x) of a finite sum f = (1/n) Σ f_i.

    Σ(x) = (c/B) [(1/n) Σ_i ∇f_i ∇f_iᵀ - ∇f ∇fᵀ], c = 1 with replacement and (n - B)/(n - 1) without. Its root acts on n
    normals w by one pass over the data, √(c/(nB)) Σ_i (w_i - w̄) ∇f_i; no d by d matrix is formed. One batch is drawn
    for each step and serves every point at which the step asks for a gradient.

    The signs, squares and directions of a batch gradient have no closed form, and their Gaussian closure is poor (on
    logistic regression at B = 16 it is off by up to 0.2 in E sign, since examples that are fitted leave a skewed law):
    SDEs that ask for them are refused, and "sampled" is taken instead.

    Parameters
    ----------
    batch : int
        Batch size B >= 1; at most n without replacement.
    replace : bool
        Whether an example may be drawn twice. Default True. Without, the cost has a term B²/4 (Floyd's algorithm).

    Raises
    ------
    ValueError, TypeError
        If ``batch`` is not a positive integer or ``replace`` no bool; in a `Problem`, if the objective is not a finite
        sum or has fewer than B examples and ``replace`` is False.

    References
    ----------
    Li, Tai & E, arXiv:1511.06251 (Σ of minibatches); Bentley & Floyd, "A sample of brilliance", Comm. ACM 30
    (1987) 754-757.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.LinearRegression([[1.0, 0.0], [0.0, 2.0]], [1.0, 2.0])
    >>> o = so.Problem(f, so.Minibatch(1)).oracle
    >>> o.noise.var(o, np.zeros(2)).tolist()  # the two gradients are (-1, 0) and (0, -4)
    [0.25, 4.0]
    """

    picks: ClassVar[bool] = True
    batch: int
    replace: bool = True

    def __post_init__(self) -> None:
        if foreign.way_of(type(self.batch)) is not None:
            raise TypeError(f"batch must be an integer, got {foreign.told(self.batch)}")
        object.__setattr__(self, "batch", checks.integer("batch", self.batch, low=1))
        if not isinstance(self.replace, bool):
            raise TypeError(f"replace must be True or False, got {checks.short(self.replace)}")

    def check(self, objective: Any) -> None:
        super().check(objective)
        n = objective.examples()
        if not self.replace and self.batch > n:
            raise ValueError(f"batch must be at most n = {n} without replacement, got {self.batch}")

    def draws(self, objective: Any) -> tuple[tuple[str, int], ...]:
        """One uniform per example of the batch."""
        return (("uniform", self.batch),)

    def noisy_value(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """The mean loss of the drawn examples."""
        return batch_value(o, x, draw_examples(z[0], examples(o), self.replace))

    def noisy_class_grads(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """Of the two samples the first alone is used: one batch, divided by class."""
        return batch_class_grads(o, x, draw_examples(z[0][0], examples(o), self.replace))

    def noisy_grad(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """The mean gradient of the drawn examples."""
        return batch_grad(o, x, draw_examples(z[0], examples(o), self.replace))

    def clipped_grad(self, o: Oracle, x: Vector, z: Draws, clip: Any) -> Any:
        """Each drawn example is clipped by itself."""
        return mean_clipped(o, x, draw_examples(z[0], examples(o), self.replace), clip)

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        n = examples(o)
        return root_size(self, n) * weighted_grad(o, x, dw - total(dw) / n)

    def noise_cov(self, o: Oracle, x: Vector, v: Vector) -> Any:
        n, slopes = examples(o), o.objective.example_slopes(x, v)
        return root_size(self, n) ** 2 * weighted_grad(o, x, slopes - total(slopes) / n)

    def var(self, o: Oracle, x: Vector) -> Any:
        return correction(examples(o), self.batch, self.replace) / self.batch * grad_var(o, x)


@dataclass(frozen=True, eq=False, repr=False)
class PoissonBatch(_Examples):
    """Poisson sampling: each of the n examples is drawn with probability q = B/n, independently of the others.

    The optimizer sees (1/B) Σ_{i drawn} ∇f_i(x), the sum divided by the expected size B of the batch, not by its own:
    that is unbiased, and the sum is what differential privacy calibrates its noise to. The random size is noise too:
    Σ(x) = ((1 - q)/B) (1/n) Σ_i ∇f_i ∇f_iᵀ, without subtraction of ∇f ∇fᵀ, so that it does not vanish where all
    examples have the same gradient. Its root acts on n normals w as √((1 - q)/(nB)) Σ_i w_i ∇f_i.

    Parameters
    ----------
    batch : int
        Expected batch size B >= 1, at most n. A step costs n uniforms.

    Raises
    ------
    ValueError, TypeError
        If ``batch`` is not a positive integer; in a `Problem`, if the objective is not a finite sum or has fewer than B
        examples.

    References
    ----------
    Abadi et al. (2016), arXiv:1607.00133, section 3.1: the sampling for which privacy is amplified by q.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.LinearRegression([[1.0, 0.0], [0.0, 2.0]], [1.0, 2.0])
    >>> o = so.Problem(f, so.PoissonBatch(1)).oracle
    >>> o.noise.var(o, np.zeros(2)).tolist()  # (1 - 1/2) times the mean squares of (-1, 0) and (0, -4)
    [0.25, 4.0]
    """

    batch: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "batch", checks.integer("batch", self.batch, low=1))

    def check(self, objective: Any) -> None:
        super().check(objective)
        n = objective.examples()
        if self.batch > n:
            raise ValueError(f"batch must be at most n = {n}, got {self.batch}")

    def lacks(self, question: str, objective: Any) -> str | None:
        """The batch may be empty."""
        if question in ("noisy_value", "noisy_class_grads"):
            return f"{self!r} may draw no example, and has no mean over them then: use Minibatch"
        return super().lacks(question, objective)

    def draws(self, objective: Any) -> tuple[tuple[str, int], ...]:
        """One uniform per example of the data."""
        return (("uniform", int(objective.examples())),)

    def noisy_grad(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """The summed gradient of the drawn examples over the expected size."""
        return weighted_grad(o, x, where(z[0] < self.batch / examples(o), 1.0 / self.batch, 0.0))

    def clipped_grad(self, o: Oracle, x: Vector, z: Draws, clip: Any) -> Any:
        """The same, each drawn example clipped by itself; 0 for an empty batch."""
        u, rate = z[0], self.batch / examples(o)
        mean = 0.0 * x
        index = np.arange(1.0 * len(u))
        for i in range(len(u)):
            if u[i] < rate:
                mean = mean + clipped(batch_grad(o, x, index[i : i + 1]), clip)
        return mean / self.batch

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        n = examples(o)
        return np.sqrt((1.0 - self.batch / n) / (n * self.batch)) * weighted_grad(o, x, dw)

    def noise_cov(self, o: Oracle, x: Vector, v: Vector) -> Any:
        n = examples(o)
        return (1.0 - self.batch / n) / (n * self.batch) * weighted_grad(o, x, o.objective.example_slopes(x, v))

    def var(self, o: Oracle, x: Vector) -> Any:
        g = grad(o, x)
        return (1.0 - self.batch / examples(o)) / self.batch * (grad_var(o, x) + g * g)


def correction(n: Any, batch: int, replace: bool) -> float:
    """The finite-population factor c."""
    return 1.0 if replace else (n - batch) / max(n - 1.0, 1.0)


def root_size(self: Any, n: Any) -> Any:
    """√(c/(nB))."""
    return np.sqrt(correction(n, self.batch, self.replace) / (n * self.batch))


def draw_examples(u: Any, n: Any, replace: bool) -> Any:
    """Numbers of the drawn examples."""
    return independent_draws(u, n) if replace else floyd(u, n)


def mean_clipped(o: Oracle, x: Vector, index: Any, clip: Any) -> Any:
    """Mean of the clipped gradients of the drawn examples."""
    mean = clipped(batch_grad(o, x, index[:1]), clip)
    for j in range(1, len(index)):
        mean = mean + clipped(batch_grad(o, x, index[j : j + 1]), clip)
    return mean / len(index)


def independent_draws(u: Any, n: Any) -> Any:
    """Example numbers ⌊u n⌋ for uniforms u in [0, 1)."""
    return np.minimum(np.floor(u * n), n - 1.0)


def floyd(u: Any, n: Any) -> Any:
    """A uniformly distributed set of len(u) example numbers: Floyd's algorithm, one uniform each."""
    batch = len(u)
    index = 0.0 * u
    for i in range(batch):
        last = n - batch + i
        pick = np.minimum(np.floor(u[i] * (last + 1.0)), 1.0 * last)
        for j in range(i):
            pick = where(index[j] == pick, 1.0 * last, pick)  # larger than every earlier entry: it meets no other one
        index[i] = pick
    return index
