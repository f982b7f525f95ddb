"""``Rademacher``: noise of one size and a random sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import filled
from sdeopt.core.contracts import Draws, Objective, Vector
from sdeopt.core.oracle import Oracle
from sdeopt.noise.law import Law, fit, scales

__all__ = ["Rademacher"]


@dataclass(frozen=True, eq=False, repr=False)
class Rademacher(Law):
    """Independent noise ξ_i = ±scale_i with probability ½ each.

    The sign is that of a normal shared with the Brownian motion. Σ = scale², ξ² is constant (Λ = 0), and
    E sign(g + ξ) = ½[sign(g + scale) + sign(g - scale)]: sign(g) where |g| > scale, 0 where |g| < scale. The drift of
    sign-based SDEs is therefore discontinuous, outside the smoothness that their weak order assumes.

    Parameters
    ----------
    scale : float or array_like of shape (d,)
        Size of the noise, >= 0; its standard deviation. Default 1.

    Raises
    ------
    ValueError, TypeError
        If a scale is negative or not finite.

    References
    ----------
    The two-point law, the simplest with mean 0 and given variance: Kloeden & Platen, "Numerical Solution of Stochastic
    Differential Equations" (1992), section 14.1, where it replaces normals in weak schemes.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0]), so.Rademacher(0.5)).oracle
    >>> o.noise.mean_sign(o, np.ones(2), np.array([0.4, -0.6])).tolist()
    [0.0, -1.0]
    """

    scale: Any = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", scales("scale", self.scale))

    def check(self, objective: Objective) -> None:
        fit("scale", self.scale, objective)

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return self.scale * np.sign(z[0])

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return self.scale * dw

    def var(self, o: Oracle, x: Vector) -> Any:
        return filled(self.scale * self.scale, x)

    def mean_sign(self, o: Oracle, x: Vector, g: Vector) -> Any:
        return 0.5 * (np.sign(g + self.scale) + np.sign(g - self.scale))

    def root_sign_cov(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        """½|sign(g + scale) - sign(g - scale)| dw, also where g + ξ = 0 has probability ½."""
        return 0.5 * (np.sign(g + self.scale) - np.sign(g - self.scale)) * dw

    def root_square_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return 0.0 * dw
