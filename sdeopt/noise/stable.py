"""``AlphaStable``: the heavy tails that sums of heavy tails tend to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from sdeopt.core import checks, cos, filled, log, mean_sign, power, sin, where
from sdeopt.core.checks import Array
from sdeopt.core.contracts import Draws, Objective, Vector
from sdeopt.core.oracle import Oracle
from sdeopt.noise.law import Law, derived_field, fit, scales
from sdeopt.noise.signs import independent_root

__all__ = ["AlphaStable", "central_mass"]

MOMENTS = ("root_cov", "root_additive_cov", "noise_var", "root_square_cov")
SIGNS = ("mean_sign", "root_sign_cov")
DEGREE = 40
LOWEST = 0.5  # below it P(|S| < a) changes too fast near 0 for a polynomial of this degree
TINY = 0.5**53


@dataclass(frozen=True, eq=False, repr=False)
class AlphaStable(Law):
    """Independent symmetric α-stable noise, ξ_i = scale_i S_i with E exp(iuS) = exp(-|u|^α).

    α = 2 is N(0, 2 scale²), α = 1 Cauchy; for α < 2 the tails are P(|S| > s) ~ (2/π) Γ(α) sin(πα/2) s^{-α}, so there is
    no variance, and for α <= 1 no mean. By the generalised central limit theorem it is what averages of heavy-tailed
    gradients look like. Samples are exact (Chambers, Mallows & Stuck): with A uniform on (-π/2, π/2) and an exponential
    E, S = sin(αA) cos(A)^{-1/α} (cos((1 - α)A)/E)^{(1-α)/α}.

    The SDE "levy" of SGD is driven by the Lévy motion that belongs to this noise. E sign(g + ξ) = P(|S| < g/scale) is
    interpolated by two polynomials of degree 40, with an error (measured, 0.5 <= α <= 2) below 1e-13; for α < 0.5 it is
    refused.

    Parameters
    ----------
    alpha : float
        Tail index α in (0, 2].
    scale : float or array_like of shape (d,)
        Scale, >= 0, in the units of the gradient; not a standard deviation. Default 1.

    Raises
    ------
    ValueError, TypeError
        If ``alpha`` is out of its range, or a scale is negative or not finite.

    References
    ----------
    Chambers, Mallows & Stuck, J. Amer. Statist. Assoc. 71 (1976) 340-344, doi:10.1080/01621459.1976.10480344; gradient
    noise: Simsekli et al. (2019), arXiv:1901.06053.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0]), so.AlphaStable(alpha=1, scale=0.5)).oracle
    >>> o.noise.mean_sign(o, np.ones(2), np.array([0.0, 0.5])).round(9).tolist()  # Cauchy: 0 and 1/2
    [0.0, 0.5]
    >>> o.noise.lacks("noise_var", o.objective)[:74]
    'AlphaStable(alpha=1.0, scale=0.5) has no variance (it needs alpha = 2), so'
    """

    alpha: float
    scale: Any = 1.0
    split: float = derived_field()
    near: Array = derived_field()
    far: Array = derived_field()

    def __post_init__(self) -> None:
        alpha = checks.number("alpha", self.alpha, low=0.0, high=2.0, open_low=True)
        split = max(alpha, 1.0) ** 2 * min(alpha, 1.0) ** 4
        answers = alpha >= LOWEST
        fields = {
            "alpha": alpha,
            "scale": scales("scale", self.scale),
            "split": split,
            "near": _near(alpha, split) if answers else np.zeros(1),
            "far": _far(alpha, split) if answers else np.zeros(1),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def check(self, objective: Objective) -> None:
        fit("scale", self.scale, objective)

    def lacks(self, question: str, objective: Objective) -> str | None:
        """The moments that the tails forbid, and the signs that are not interpolated."""
        if question in MOMENTS and self.alpha < 2.0:
            return (
                f"{self!r} has no variance (it needs alpha = 2), so {question} does not exist: "
                "ask only for signs, or for the SDE 'levy' of SGD"
            )
        if question in SIGNS and self.alpha < LOWEST:
            return f"{self!r} has no accurate formula for the mean of its sign (it needs alpha >= {LOWEST})"
        return super().lacks(question, objective)

    @property
    def moments(self) -> float:
        """α below 2; α = 2 is normal."""
        return self.alpha if self.alpha < 2.0 and np.any(self.scale) else math.inf

    def draws(self, objective: Objective) -> tuple[tuple[str, int], ...]:
        """A uniform for the angle and one for the exponential, per coordinate."""
        return (("uniform", objective.dim), ("uniform", objective.dim))

    def brownian(self, question: str, objective: Objective) -> tuple[Any, ...]:
        """Increments of the Lévy motion for "levy", else normals."""
        return (("stable", objective.dim, self.alpha),) if question == "levy" else (objective.dim,)

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """Uniforms are multiples of 2⁻⁵²; half a unit keeps the angle off ±π/2 and the exponential off 0."""
        angle = 3.141592653589793 * (z[0] - (0.5 - TINY))
        exponential = -log(1.0 - z[1] - TINY)
        tail = power(cos((1.0 - self.alpha) * angle) / exponential, (1.0 - self.alpha) / self.alpha)
        return self.scale * sin(self.alpha * angle) * power(cos(angle), -1.0 / self.alpha) * tail

    def root_levy(self, o: Oracle, x: Vector, lr: Any, dw: Vector) -> Any:
        return power(lr, 1.0 - 1.0 / self.alpha) * self.scale * dw

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return np.sqrt(2.0) * self.scale * dw

    def var(self, o: Oracle, x: Vector) -> Any:
        return filled(2.0 * self.scale * self.scale, x)

    def root_square_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return np.sqrt(8.0) * self.scale * self.scale * dw

    def mean_sign(self, o: Oracle, x: Vector, g: Vector) -> Any:
        """P(|S| < g/scale) with the sign of g; sign(g) where scale = 0."""
        b = filled(self.scale, g)
        a = np.minimum(np.abs(g) / where(b > 0.0, b, 1.0), 1e150) / self.split
        inner = np.minimum(a, 1.0)
        near = self.split * inner * clenshaw(2.0 * inner * inner - 1.0, self.near)
        far = 1.0 - clenshaw(2.0 * power(np.maximum(a, 1.0), -self.alpha) - 1.0, self.far)
        mass = np.minimum(np.maximum(where(a < 1.0, near, far), 0.0), 1.0)
        return np.sign(g) * where(b > 0.0, mass, 1.0)

    def root_sign_cov(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        return independent_root(mean_sign(o, x, g), filled(self.scale, g), dw)


def clenshaw(t: Any, c: Any) -> Any:
    """The sum of c_k T_k(t), t in [-1, 1]."""
    later = 0.0 * t
    value = 0.0 * t
    for k in range(len(c) - 1):
        value, later = c[len(c) - 1 - k] + 2.0 * t * value - later, value
    return c[0] + t * value - later


def _interpolate(f: Callable[[Array], Array]) -> Array:
    """Chebyshev coefficients of the polynomial through f at the Chebyshev points."""
    points = chebyshev.chebpts1(DEGREE + 1)
    return np.asarray(chebyshev.chebfit(points, f(points), DEGREE))


def _near(alpha: float, split: float) -> Array:
    """P(|S| < a)/a as a function of 2(a/split)² - 1."""

    def ratio(t: Array) -> Array:
        a: Array = split * np.sqrt(0.5 * (t + 1.0))
        return central_mass(a, alpha) / a

    return _interpolate(ratio)


def _far(alpha: float, split: float) -> Array:
    """P(|S| > a) as a function of 2(a/split)^{-α} - 1."""
    return _interpolate(lambda t: 1.0 - central_mass(split * (0.5 * (t + 1.0)) ** (-1.0 / alpha), alpha))


def central_mass(a: Any, alpha: float) -> Array:
    """P(|S| < a) of the symmetric α-stable law of unit scale, a >= 0, to 1e-13 for α >= 0.5.

    By the inversion formula it is (2/π) ∫₀^∞ sin(at) e^{-t^α} dt/t. On the ray t = s e^{iφ} the integrand decays both
    in a s and in s^α: (2/π) [φ + ∫ e^{-A} sin B ds/s], A = a s sinφ + s^α cos αφ, B = a s cosφ - s^α sin αφ. With
    s = e^y it is analytic in the strip of half-width ``strip``, so that the trapezoidal rule errs by e^{-2π strip/h}.
    """
    a = np.asarray(a, dtype=float)[..., None]
    phi = strip = math.pi / (4.0 * max(alpha, 1.0))
    low = -40.0 / min(alpha, 1.0) - math.log(max(float(a.max()), 1.0))
    high = max(math.log(60.0 / math.cos(alpha * phi)) / alpha, 1.0) + 3.0
    h = 2.0 * math.pi * strip / 38.0
    y = np.arange(low, high, h)
    s, power_of_s = np.exp(y), np.exp(alpha * y)
    decay = a * s * math.sin(phi) + power_of_s * math.cos(alpha * phi)
    phase = a * s * math.cos(phi) - power_of_s * math.sin(alpha * phi)
    mass: Array = 2.0 / math.pi * (phi + h * np.sum(np.exp(-decay) * np.sin(phase), axis=-1))
    return mass
