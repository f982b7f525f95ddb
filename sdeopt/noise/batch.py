"""``Batch``: the mean of several independent gradients, each with noise of the same law."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from sdeopt.core import checks
from sdeopt.core.contracts import Draws, Objective, Vector
from sdeopt.core.oracle import (
    Oracle,
    direction_cov,
    direction_jacobian,
    direction_residual,
    expect_direction,
    grad,
    mean_clipped,
    mean_sign,
    noise,
    noise_var,
    root_cov,
    root_sign_cov,
    root_sign_residual,
    root_square_cov,
    sign_response,
)
from sdeopt.noise.directions import clipped
from sdeopt.noise.gaussian import Gaussian
from sdeopt.noise.law import DIRECTION, Law

__all__ = ["Batch"]

OF_THE_MEAN = ("mean_sign", "root_sign_cov", "sign_response", "root_sign_residual", "root_square_cov", *DIRECTION)


class Batch(Law):
    """The optimizer sees ∇f(x) + (1/B) Σ_j ξ_j, with B independent draws ξ_j of a law: a batch without a data set.

    Every example has the gradient g_j = ∇f(x) + ξ_j, which `clipped_grad` clips one by one. The covariance of the mean
    is Σ/B. The mean of normal draws is normal, ζ/√B with ζ the noise of one, so that its signs and directions are those
    of ζ at the point √B g. Of other laws the mean has no such closed form, and SDEs that ask for signs, squares or
    directions are refused ("sampled" is taken instead).

    Common random numbers: the normals of the examples, those that a law takes first, are N_j = W/√B + e_j - ē with a
    normal W that the Brownian motion shares and B private normals e_j of mean ē. The N_j are independent standard
    normals, and their sum is √B W; of Gaussian noise the mean is Σ^{1/2} W/√B exactly.

    Parameters
    ----------
    law : noise law
        The law of one example: Gaussian, Student-t, Laplace, Rademacher or any other that takes one to three vectors of
        normals, one entry per coordinate.
    batch : int
        Batch size B >= 1.

    Raises
    ------
    ValueError, TypeError
        If ``batch`` is not a positive integer, or ``law`` is no law or takes other draws: a `Minibatch` is a batch by
        itself, and `NoNoise` has no examples.

    References
    ----------
    Clipping example by example: Abadi et al. (2016), arXiv:1607.00133, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0]), so.Batch(so.Gaussian(0.6), 4)).oracle
    >>> o.noise, o.noise.var(o, np.ones(2)).round(12).tolist()
    (Batch(law=Gaussian(scale=0.6), batch=4), [0.09, 0.09])
    """

    family: ClassVar[str | None] = "Batch"
    wraps: ClassVar[bool] = True
    law: Any
    batch: int

    def __new__(cls, law: Any, batch: int) -> Batch:
        size = checks.integer("batch", batch, low=1)
        if not isinstance(law, Law):
            raise TypeError(f"law must be a noise law such as Gaussian(0.5), got {checks.short(law)}")
        drawn = law.draws(SimpleNamespace(dim=1, examples=lambda: 2))
        if len(drawn) not in KINDS or any(entry != ("normal", 1) for entry in drawn):
            raise ValueError(f"law must take one to {len(KINDS)} normals per coordinate and example, got {law!r}")
        made: Batch = object.__new__(KINDS[len(drawn)])
        object.__setattr__(made, "law", law)
        object.__setattr__(made, "batch", size)
        return made

    def __reduce__(self) -> Any:
        return Batch, (self.law, self.batch)

    def check(self, objective: Objective) -> None:
        self.law.check(objective)

    def lacks(self, question: str, objective: Objective) -> str | None:
        """What the law itself lacks, and what the mean of several draws has for normal ones only."""
        reason: str | None = self.law.lacks(question, objective)
        if reason is None and question in OF_THE_MEAN and self.batch > 1 and not isinstance(self.law, Gaussian):
            return f"{self!r} has no closed form of it, since its mean is not normal; the SDE 'sampled' does without"
        return reason

    @property
    def normal(self) -> bool:
        """As one example is."""
        return bool(self.law.normal)

    @property
    def moments(self) -> float:
        """Those of one example: a mean has the tails of what it is taken of."""
        order: float = self.law.moments
        return order

    def draws(self, objective: Objective) -> tuple[tuple[str, int], ...]:
        """W, then e_1 to e_B, then what else the examples take, one after the other."""
        kinds = self.law.draws(objective)
        return (kinds[0], *kinds[:1] * self.batch, *kinds[1:] * self.batch)

    def brownian(self, question: str, objective: Objective) -> Any:
        return self.law.brownian(question, objective)

    def batch_size(self, o: Oracle) -> Any:
        return 1.0 * self.batch

    def mean_clipped(self, o: Oracle, x: Vector, clip: Any) -> Any:
        """Of every example, so of their mean."""
        return mean_clipped(Oracle(o.objective, self.law), x, clip)

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return root_cov(Oracle(o.objective, self.law), x, dw) / np.sqrt(1.0 * self.batch)

    def var(self, o: Oracle, x: Vector) -> Any:
        return noise_var(Oracle(o.objective, self.law), x) / self.batch

    def noise_cov(self, o: Oracle, x: Vector, v: Vector) -> Any:
        return self.law.noise_cov(Oracle(o.objective, self.law), x, v) / self.batch

    def mean_sign(self, o: Oracle, x: Vector, g: Vector) -> Any:
        return mean_sign(Oracle(o.objective, self.law), x, np.sqrt(1.0 * self.batch) * g)

    def root_sign_cov(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        return root_sign_cov(Oracle(o.objective, self.law), x, np.sqrt(1.0 * self.batch) * g, dw)

    def sign_response(self, o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
        """√B times that of ζ, which is √B times the mean's noise."""
        scale = np.sqrt(1.0 * self.batch)
        return scale * sign_response(Oracle(o.objective, self.law), x, scale * g, v)

    def root_sign_residual(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        return root_sign_residual(Oracle(o.objective, self.law), x, np.sqrt(1.0 * self.batch) * g, dw)

    def root_square_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return root_square_cov(Oracle(o.objective, self.law), x, dw) / self.batch

    def expect_direction(self, o: Oracle, x: Vector, g: Vector) -> Any:
        return expect_direction(Oracle(o.objective, self.law), x, np.sqrt(1.0 * self.batch) * g)

    def direction_jacobian(self, o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
        scale = np.sqrt(1.0 * self.batch)
        return scale * direction_jacobian(Oracle(o.objective, self.law), x, scale * g, v)

    def direction_cov(self, o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
        return direction_cov(Oracle(o.objective, self.law), x, np.sqrt(1.0 * self.batch) * g, v)

    def direction_residual(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        return direction_residual(Oracle(o.objective, self.law), x, np.sqrt(1.0 * self.batch) * g, dw)


def middle(z: Draws, count: int) -> Any:
    """W/√B - ē."""
    mean = z[1]
    for j in range(1, count):
        mean = mean + z[1 + j]
    return z[0] / np.sqrt(1.0 * count) - mean / count


def answers(kinds: int, example: Any) -> Any:
    """The mean noise and the mean clipped gradient, for laws that take ``kinds`` vectors.

    ``example(z, count, j, normal)`` are the draws of example j: its normal, and the rest as it stands in z.
    """

    def sample(self: Any, o: Oracle, x: Vector, z: Draws) -> Any:
        law = Oracle(o.objective, self.law)
        count = (len(z) - 1) // kinds  # B, known to the compiler: the loop unrolls
        shared = middle(z, count)
        mean = noise(law, x, example(z, count, 0, shared + z[1]))
        for j in range(1, count):
            mean = mean + noise(law, x, example(z, count, j, shared + z[1 + j]))
        return mean / count

    def clipped_grad(self: Any, o: Oracle, x: Vector, z: Draws, clip: Any) -> Any:
        law, g = Oracle(o.objective, self.law), grad(o, x)
        count = (len(z) - 1) // kinds
        shared = middle(z, count)
        mean = clipped(g + noise(law, x, example(z, count, 0, shared + z[1])), clip)
        for j in range(1, count):
            mean = mean + clipped(g + noise(law, x, example(z, count, j, shared + z[1 + j])), clip)
        return mean / count

    return sample, clipped_grad


def one(z: Draws, count: int, j: int, normal: Any) -> Any:
    return (normal,)


def two(z: Draws, count: int, j: int, normal: Any) -> Any:
    return normal, z[1 + count + j]


def three(z: Draws, count: int, j: int, normal: Any) -> Any:
    return normal, z[1 + count + 2 * j], z[2 + count + 2 * j]


@dataclass(frozen=True, eq=False, repr=False, init=False)
class BatchOfOnes(Batch):
    """Of laws that take one vector of normals, as all of these classes made by ``Batch(law, batch)``."""

    law: Any
    batch: int
    sample, clipped_grad = answers(1, one)


@dataclass(frozen=True, eq=False, repr=False, init=False)
class BatchOfTwos(Batch):
    """Of laws that take two vectors of normals."""

    law: Any
    batch: int
    sample, clipped_grad = answers(2, two)


@dataclass(frozen=True, eq=False, repr=False, init=False)
class BatchOfThrees(Batch):
    """Of laws that take three vectors of normals."""

    law: Any
    batch: int
    sample, clipped_grad = answers(3, three)


KINDS: dict[int, type[Batch]] = {1: BatchOfOnes, 2: BatchOfTwos, 3: BatchOfThrees}
