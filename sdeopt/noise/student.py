"""``StudentT``: heavy tails, down to noise without variance or mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, exp, filled, tanh, where
from sdeopt.core.checks import Array
from sdeopt.core.contracts import Draws, Objective, Vector
from sdeopt.core.oracle import Oracle, mean_sign
from sdeopt.noise.law import Law, derived_field, fit, scales
from sdeopt.noise.signs import TAIL, independent_root, student_series, student_sign, student_whole_sign

__all__ = ["StudentT"]

COVARIANCE = ("root_cov", "root_additive_cov", "noise_var")
WHOLE = 50.0  # up to here a whole ν takes the finite sum, which is exact
NODES = 32
SERIES = 1000.0  # from here on five terms of a series are exact, where a difference of logarithms is round-off


@dataclass(frozen=True, eq=False, repr=False)
class StudentT(Law):
    """Independent Student-t noise, ξ_i = scale_i T_i with ν degrees of freedom (ν = 1: Cauchy).

    Samples are exact and need normals only (Bailey's polar method, solved for two normals): with N shared with the
    Brownian motion and N₂, q = N² + N₂², T = N √(ν (e^{q/ν} - 1)/q). For q/2 is exponential, so e^{-q/2} is uniform, so
    √(ν(e^{q/ν} - 1)) is Bailey's radius; and N/√q is the cosine of an independent uniform angle.

    Σ = scale² ν/(ν - 2) for ν > 2, Λ = scale⁴ 2ν²(ν - 1)/((ν - 2)²(ν - 4)) for ν > 4, E sign(g + ξ) = 2F_ν(g/scale) - 1
    for any ν: a finite sum for whole ν up to 50, else a 32-point quadrature with error (measured, ν <= 100) below
    3e-14 for |g| <= 50 scale and below 2e-12 for any g; round-off grows to 1e-12 at ν = 10³ and no further.

    Parameters
    ----------
    nu : float
        Degrees of freedom ν > 0.
    scale : float or array_like of shape (d,)
        Scale, >= 0, in the units of the gradient; not a standard deviation. Default 1.

    Raises
    ------
    ValueError, TypeError
        If ``nu`` is not positive, or a scale is negative or not finite.

    References
    ----------
    Bailey, "Polar generation of random variates with the t-distribution", Math. Comp. 62 (1994), 779-781; Abramowitz &
    Stegun, "Handbook of Mathematical Functions", 26.7.3-4; signs of Student-t noise in SignSGD: arXiv:2411.15958.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0]), so.StudentT(nu=2, scale=0.5)).oracle
    >>> o.noise.mean_sign(o, np.ones(2), np.array([0.0, 0.5])).round(6).tolist()  # 0 and 1/√3
    [0.0, 0.57735]
    >>> o.noise.lacks("noise_var", o.objective)
    'StudentT(nu=2.0, scale=0.5) has no covariance (it needs nu > 2), so noise_var does not exist; ask only for signs'
    """

    nu: float
    scale: Any = 1.0
    variance: float = derived_field()
    square_sd: float = derived_field()
    whole: float = derived_field()
    odd: float = derived_field()
    series: Array = derived_field()
    factor: float = derived_field()
    reach: float = derived_field()
    nodes: Array = derived_field()
    weights: Array = derived_field()

    def __post_init__(self) -> None:
        nu = checks.positive("nu", self.nu)
        whole = nu <= WHOLE and nu == int(nu)
        points, weights = np.polynomial.legendre.leggauss(NODES)
        level = 17.0 * math.log(10.0) / nu  # log cosh of the point beyond which cosh^{-ν} < 1e-17
        fields = {
            "nu": nu,
            "scale": scales("scale", self.scale),
            "variance": nu / (nu - 2.0) if nu > 2.0 else math.inf,
            "square_sd": math.sqrt(2.0 * (nu - 1.0) / (nu - 4.0)) * nu / (nu - 2.0) if nu > 4.0 else math.inf,
            "whole": float(whole),
            "odd": nu % 2.0,
            "series": student_series(int(nu)) if whole else np.zeros(1),
            "factor": 2.0 / math.sqrt(math.pi) * _gamma_ratio(0.5 * nu),
            "reach": min(level + math.log1p(math.sqrt(-math.expm1(-2.0 * level))), TAIL),
            "nodes": 0.5 * (points + 1.0),
            "weights": 0.5 * weights,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def check(self, objective: Objective) -> None:
        fit("scale", self.scale, objective)

    def lacks(self, question: str, objective: Objective) -> str | None:
        """The moments that the tails forbid."""
        if question in COVARIANCE and self.nu <= 2.0:
            return f"{self!r} has no covariance (it needs nu > 2), so {question} does not exist; ask only for signs"
        if question == "root_square_cov" and self.nu <= 4.0:
            return f"{self!r} has no fourth moment (it needs nu > 4), so its square has no variance"
        return super().lacks(question, objective)

    @property
    def moments(self) -> float:
        """ν: the density falls like |ξ|^{-ν-1}."""
        return self.nu if np.any(self.scale) else math.inf

    def draws(self, objective: Objective) -> tuple[tuple[str, int], ...]:
        """Two normals per coordinate."""
        return (("normal", objective.dim), ("normal", objective.dim))

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """√((e^y - 1)/y) is taken as e^{y/2} √(tanh(y/2) (1 + e^{-y})/y): no cancellation, no early overflow."""
        normal, other = z
        y = np.maximum((normal * normal + other * other) / self.nu, 1e-300)
        growth = exp(0.5 * y)
        return self.scale * normal * growth * np.sqrt(tanh(0.5 * y) * (1.0 + 1.0 / growth / growth) / y)

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return np.sqrt(self.variance) * self.scale * dw

    def var(self, o: Oracle, x: Vector) -> Any:
        return filled(self.variance * self.scale * self.scale, x)

    def mean_sign(self, o: Oracle, x: Vector, g: Vector) -> Any:
        """2F_ν(g/scale) - 1; sign(g) where scale = 0."""
        b = filled(self.scale, g)
        a = np.minimum(np.maximum(g / where(b > 0.0, b, 1.0), -1e150), 1e150)
        if self.whole == 1.0:
            s = student_whole_sign(a, self.nu, self.odd, self.series)
        else:
            s = student_sign(a, self.nu, self.factor, self.reach, self.nodes, self.weights)
        return where(b > 0.0, s, np.sign(g))

    def root_sign_cov(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        return independent_root(mean_sign(o, x, g), filled(self.scale, g), dw)

    def root_square_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return self.square_sd * self.scale * self.scale * dw


def _gamma_ratio(a: float) -> float:
    """Γ(a + ½)/Γ(a) = √a (1 - 1/(8a) + 1/(128a²) + 5/(1024a³) - 21/(32768a⁴) + O(a⁻⁵)).

    Source: Graham, Knuth & Patashnik, Concrete Mathematics (1994), exercise 9.60.
    """
    if a < 1e-20:  # Γ(a) = 1/a + O(1)
        return math.sqrt(math.pi) * a
    if a < SERIES:
        return math.exp(math.lgamma(a + 0.5) - math.lgamma(a))
    u = 1.0 / a
    return math.sqrt(a) * (1.0 + u * (-1.0 / 8.0 + u * (1.0 / 128.0 + u * (5.0 / 1024.0 - u * 21.0 / 32768.0))))
