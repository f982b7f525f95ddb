"""``AffineGaussian``: normal noise whose variance grows with the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sdeopt.core import checks
from sdeopt.core.contracts import Draws, Objective, Vector
from sdeopt.core.oracle import Oracle, grad, noise_var
from sdeopt.noise.directions import rule
from sdeopt.noise.gaussian import DiagonalGaussian
from sdeopt.noise.law import scales

__all__ = ["AffineGaussian"]


@dataclass(frozen=True, eq=False, repr=False, init=False)
class AffineGaussian(DiagonalGaussian):
    """Normal gradient noise of affine variance, ξ ~ N(0, diag(scale² + a ∇f(x)∘∇f(x))).

    E|ξ|² = Σ scale² + a |∇f|². In `Agents` ∇f is the mean gradient, not the agent's own.

    Parameters
    ----------
    scale : float or array_like of shape (d,)
        Standard deviations where the gradient is 0, >= 0: one for all coordinates, or one for each.
    growth : float
        a >= 0.

    Raises
    ------
    ValueError, TypeError
        If a scale or ``growth`` is negative or not finite.

    References
    ----------
    Bottou, Curtis & Nocedal (2018), arXiv:1606.04838, whose assumption 4.3 is the bound E|ξ|² <= σ² + a|∇f|².

    Examples
    --------
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0]), so.AffineGaussian(0.5, growth=2.0)).oracle
    >>> o.noise, o.noise.var(o, o.objective.start).tolist()  # 1/4 + 2 (1, 4)
    (AffineGaussian(scale=0.5, growth=2.0), [2.25, 8.25])
    """

    growth: float = 0.0
    family: ClassVar[str | None] = "AffineGaussian"

    def __new__(cls, scale: Any, growth: Any) -> AffineGaussian:
        law = object.__new__(cls)
        nodes, weights = rule()
        fields = {"scale": scales("scale", scale), "growth": checks.number("growth", growth, low=0.0)}
        for name, value in (fields | {"nodes": nodes, "weights": weights}).items():
            object.__setattr__(law, name, value)
        return law

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return np.sqrt(noise_var(o, x)) * z[0]

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return np.sqrt(noise_var(o, x)) * dw

    def var(self, o: Oracle, x: Vector) -> Any:
        g = grad(o, x)
        return self.scale * self.scale + self.growth * g * g

    def lacks(self, question: str, objective: Objective) -> str | None:
        if question == "root_additive_cov":
            return f"{self!r} depends on x, so it is not additive noise: use Gaussian"
        if question == "mean_clipped" and objective.dim > 1:
            return f"{self!r} has no closed form for the mean of a clipped gradient: all coordinates need one scale"
        return super().lacks(question, objective)

    def __reduce__(self) -> Any:
        return AffineGaussian, (self.scale, self.growth)
