"""``DiagonalMinibatch``: minibatches whose SDE is closed by independent normal coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sdeopt.core.contracts import Objective, Vector
from sdeopt.core.oracle import Oracle, noise_var
from sdeopt.noise.law import Law
from sdeopt.noise.minibatch import Minibatch
from sdeopt.noise.signs import gaussian_sign, independent_root

__all__ = ["DiagonalMinibatch"]

SIGNS = ("mean_sign", "root_sign_cov", "root_square_cov")


@dataclass(frozen=True, eq=False, repr=False)
class DiagonalMinibatch(Minibatch):
    """The batches of `Minibatch`, and an SDE that takes their noise for normal with independent coordinates.

    This is the closure with which networks were integrated in the literature, to be set beside the exact covariance:
    ξ ~ N(0, diag Σ(x)), so that Σ^{1/2} dW = σ(x) dW with σ² = diag Σ, E sign(g + ξ) = erf(g/(√2 σ)), Cov of the signs
    diag(1 - mean²) and Λ = diag(2σ⁴). It is no property of batches: correlations between coordinates, and for signs
    the skewness, are lost. The optimizer, and the SDE "sampled", see the true batches.

    diag Σ is exact at every state. On networks it costs 0.8 to 1.9 gradients of the whole data; one that is kept for
    some steps saves at most that, and makes the coefficients of the SDE depend on more than time and state. Refreshed
    every ten steps of the optimizer on an MLP on digits, its roots are off by 2 % on average, and its norm by 10 to
    23 % at worst (``benchmarks/networks.py``).

    Parameters
    ----------
    batch : int
        Batch size B >= 1; at most n without replacement.
    replace : bool
        Whether an example may be drawn twice. Default True.

    Raises
    ------
    ValueError, TypeError
        As `Minibatch`.

    References
    ----------
    Malladi et al. (2022), arXiv:2205.10287; Monzio Compagnoni et al. (2025), arXiv:2411.15958: diagonal noise.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.LinearRegression([[1.0, 0.0], [0.0, 2.0]], [1.0, 2.0])
    >>> o = so.Problem(f, so.DiagonalMinibatch(1)).oracle
    >>> o.noise.root_cov(o, np.zeros(2), np.ones(2)).tolist()  # the two gradients are (-1, 0) and (0, -4)
    [0.5, 2.0]
    """

    closure: ClassVar[bool] = True

    def lacks(self, question: str, objective: Objective) -> str | None:
        """What `Minibatch` lacks, but for signs and squares."""
        return Law.lacks(self, question, objective) if question in SIGNS else super().lacks(question, objective)

    def brownian(self, question: str, objective: Objective) -> tuple[int, ...]:
        """One normal per coordinate."""
        return (int(objective.dim),)

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return np.sqrt(noise_var(o, x)) * dw

    def mean_sign(self, o: Oracle, x: Vector, g: Vector) -> Any:
        return gaussian_sign(g, np.sqrt(noise_var(o, x)))

    def root_sign_cov(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        sd = np.sqrt(noise_var(o, x))
        return independent_root(gaussian_sign(g, sd), sd, dw)

    def root_square_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return np.sqrt(2.0) * noise_var(o, x) * dw
