"""``Laplace``: double exponential noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import exp, filled, where
from sdeopt.core.contracts import Draws, Objective, Vector
from sdeopt.core.oracle import Oracle, mean_sign
from sdeopt.noise.law import Law, fit, scales
from sdeopt.noise.signs import independent_root

__all__ = ["Laplace"]


@dataclass(frozen=True, eq=False, repr=False)
class Laplace(Law):
    """Independent Laplace noise with density exp(-|ξ|/b)/(2b) in each coordinate, b = scale.

    A normal with exponential variance: from three normals ξ = b N √(N₂² + N₃²), exactly, for (N₂² + N₃²)/2 is Exp(1); N
    is shared with the Brownian motion. Σ = 2b², Λ = 20b⁴, E sign(g + ξ) = sign(g)(1 - e^{-|g|/b}).

    Parameters
    ----------
    scale : float or array_like of shape (d,)
        b >= 0, the mean of |ξ|; default 1.

    Raises
    ------
    ValueError, TypeError
        If a scale is negative or not finite.

    References
    ----------
    Kotz, Kozubowski & Podgórski, "The Laplace Distribution and Generalizations" (2001), section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0]), so.Laplace([0.5, 1.0])).oracle
    >>> o.noise.var(o, np.ones(2)).tolist()
    [0.5, 2.0]
    """

    scale: Any = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", scales("scale", self.scale))

    def check(self, objective: Objective) -> None:
        fit("scale", self.scale, objective)

    def draws(self, objective: Objective) -> tuple[tuple[str, int], ...]:
        """Three normals per coordinate."""
        return (("normal", objective.dim), ("normal", objective.dim), ("normal", objective.dim))

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return self.scale * z[0] * np.sqrt(z[1] * z[1] + z[2] * z[2])

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return np.sqrt(2.0) * self.scale * dw

    def var(self, o: Oracle, x: Vector) -> Any:
        return filled(2.0 * self.scale * self.scale, x)

    def mean_sign(self, o: Oracle, x: Vector, g: Vector) -> Any:
        b = filled(self.scale, g)
        return np.sign(g) * where(b > 0.0, 1.0 - exp(-np.abs(g) / where(b > 0.0, b, 1.0)), 1.0)

    def root_sign_cov(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        return independent_root(mean_sign(o, x, g), filled(self.scale, g), dw)

    def root_square_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return np.sqrt(20.0) * self.scale * self.scale * dw
