"""``Gaussian``: additive normal noise with diagonal, full or position-dependent covariance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sdeopt.core import checks, erf, filled, firsts, lower_matvec, matvec, seconds, sin, total, where
from sdeopt.core.chance import refuse_random, steady
from sdeopt.core.checks import Array
from sdeopt.core.contracts import Draws, Objective, Vector
from sdeopt.core.guards import answer
from sdeopt.core.oracle import Oracle, grad, noise_var, root_cov
from sdeopt.noise.clipping import mean_clip
from sdeopt.noise.covariance import roots, standardise
from sdeopt.noise.directions import direction_moments, direction_spread, rule, unit
from sdeopt.noise.law import Law, derived_field, fit, scales
from sdeopt.noise.signs import (
    gaussian_response,
    gaussian_sign,
    independent_root,
    root_times,
    sign_deviation,
    sign_pairs,
    sign_variance,
)

__all__ = ["DiagonalGaussian", "FieldGaussian", "FullGaussian", "Gaussian", "NoisyGaussian"]

SMALL = 1e-150  # below it the square of a standard deviation may be 0


class Gaussian(Law):
    """Normal gradient noise ξ ~ N(0, Σ).

    Signs: E sign(g + ξ) = erf(g/(√2 σ)) per coordinate, σ² = diag Σ; the covariance of the signs is 1 - mean² and, for
    correlated noise, Plackett's integral (`sdeopt.noise.signs.sign_covariance`), for which a d by d matrix is filled
    and factorised in every evaluation: meant for d up to about 50. What sign and noise share is Stein's identity,
    E[sign(g + ξ)_i ξ_j] = 2 φ(g_i/σ_i)/σ_i Σ_ij with the standard normal density φ. Squares: Λ = 2Σ∘Σ. Directions
    (SAM): the moments of u = (g + ξ)/|g + ξ| by quadrature, with the errors in ``sdeopt.noise.directions``.

    Parameters
    ----------
    scale : float, array_like of shape (d,), or callable, optional
        Standard deviations, >= 0: one for all coordinates, one for each, or a function of x that returns either,
        written like a page, in NumPy arithmetic and the vocabulary of ``sdeopt.core``; its absolute value counts.
        Default 1.
    cov : array_like, shape (d, d), optional
        Covariance Σ instead of ``scale``; symmetric and positive semidefinite.

    Raises
    ------
    ValueError, TypeError
        If both are given, a scale is negative or not finite, or ``cov`` is not a covariance matrix.

    References
    ----------
    Price, "A useful theorem for nonlinear devices having Gaussian inputs", IRE Trans. Inf. Theory 4 (1958): moments of
    functions of correlated normals; the closed forms for SDEs of SignSGD: arXiv:2411.15958, for SAM: arXiv:2301.08203.

    Examples
    --------
    >>> import sdeopt as so
    >>> so.Gaussian(0.5), so.Gaussian([0.5, 1.0]), so.Gaussian(cov=[[2.0, 1.0], [1.0, 2.0]])
    (Gaussian(scale=0.5), Gaussian(scale=[0.5, 1.0]), Gaussian(cov=[[2.0, 1.0], [1.0, 2.0]]))
    >>> isinstance(so.Gaussian(0.5), so.Gaussian)
    True
    """

    family: ClassVar[str | None] = "Gaussian"
    normal = True
    nodes: Array
    weights: Array

    def __new__(cls, scale: Any = None, cov: Any = None) -> Gaussian:
        kind: type[Gaussian] = DiagonalGaussian
        fields: dict[str, Any]
        if cov is not None:
            if scale is not None:
                raise ValueError("Gaussian takes scale or cov, not both")
            kind, fields = FullGaussian, roots(checks.covariance("cov", cov))
        elif callable(scale):
            kind, fields = FieldGaussian, {"scale": scale}
        else:
            fields = {"scale": scales("scale", 1.0 if scale is None else scale)}
            kind = NoisyGaussian if np.all(fields["scale"] > SMALL) else DiagonalGaussian
        law = object.__new__(kind)
        fields["nodes"], fields["weights"] = rule()
        for name, value in fields.items():
            object.__setattr__(law, name, value)
        return law

    def brownian(self, question: str, objective: Objective) -> tuple[int, ...]:
        """One normal per coordinate; the direction's residual has a random sign besides."""
        return (1, objective.dim) if question == "direction" else (objective.dim,)

    def mean_sign(self, o: Oracle, x: Vector, g: Vector) -> Any:
        return gaussian_sign(g, np.sqrt(noise_var(o, x)))

    def sign_response(self, o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
        return gaussian_response(g, np.sqrt(noise_var(o, x))) * v


class _Separable(Gaussian):
    """Independent coordinates: every answer follows from diag Σ(x)."""

    def root_sign_cov(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        sd = np.sqrt(noise_var(o, x))
        return independent_root(gaussian_sign(g, sd), sd, dw)

    def root_sign_residual(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        sd = np.sqrt(noise_var(o, x))
        mean, shared = gaussian_sign(g, sd), gaussian_response(g, sd) * sd
        rest = (1.0 - mean) * (1.0 + mean) - shared * shared
        return where(sd > 0.0, np.sqrt(np.maximum(rest, 0.0)), 0.0) * dw

    def root_square_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return np.sqrt(2.0) * noise_var(o, x) * dw

    def expect_direction(self, o: Oracle, x: Vector, g: Vector) -> Any:
        return direction_moments(g, g, noise_var(o, x), self.nodes, self.weights)[0]

    def direction_jacobian(self, o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
        return direction_moments(g, v, noise_var(o, x), self.nodes, self.weights)[1]

    def direction_cov(self, o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
        return direction_spread(g, v, noise_var(o, x), self.nodes, self.weights)

    def direction_residual(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        """e (U - E u - M Z) with Z ~ N(0, Σ), U = (g + Z)/|g + Z| and a normal e that makes it symmetric.

        Its covariance is Cov u - M Cov(Z, u) - Cov(u, Z) M + M Σ M = Cov u - M Σ M, since Cov(u, Z) = M Σ (Stein).
        """
        e, w = dw
        z = root_cov(o, x, w)
        mean, response = direction_moments(g, z, noise_var(o, x), self.nodes, self.weights)
        return e[0] * (unit(g + z) - mean - response)


@dataclass(frozen=True, eq=False, repr=False, init=False)
class DiagonalGaussian(_Separable):
    """Made by ``Gaussian(scale)``: Σ = diag(scale²), the same at every x."""

    scale: Any
    nodes: Array = derived_field()
    weights: Array = derived_field()

    def check(self, objective: Objective) -> None:
        fit("scale", self.scale, objective)

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return self.scale * z[0]

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return self.scale * dw

    def var(self, o: Oracle, x: Vector) -> Any:
        return filled(self.scale * self.scale, x)

    def mean_clipped(self, o: Oracle, x: Vector, clip: Any) -> Any:
        return mean_clip(grad(o, x), np.sqrt(total(noise_var(o, x)) / len(x)), clip)

    def lacks(self, question: str, objective: Objective) -> str | None:
        if question == "mean_clipped" and np.ptp(self.scale) > 0.0:
            return f"{self!r} has no closed form for the mean of a clipped gradient: all coordinates need one scale"
        return super().lacks(question, objective)

    def __reduce__(self) -> Any:
        return Gaussian, (self.scale,)


@dataclass(frozen=True, eq=False, repr=False, init=False)
class NoisyGaussian(DiagonalGaussian):
    """Made by ``Gaussian(scale)`` where every coordinate has noise: signs need not ask whether there is any."""

    def mean_sign(self, o: Oracle, x: Vector, g: Vector) -> Any:
        return erf(g * (np.sqrt(0.5) / np.sqrt(noise_var(o, x))))

    def root_sign_cov(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        return sign_deviation(g * (np.sqrt(0.5) / np.sqrt(noise_var(o, x)))) * dw


@dataclass(frozen=True, eq=False, repr=False, init=False)
class FieldGaussian(_Separable):
    """Made by ``Gaussian(function)``: Σ(x) = diag(scale(x)²)."""

    scale: Callable[[Any], Any]
    nodes: Array = derived_field()
    weights: Array = derived_field()

    def check(self, objective: Objective) -> None:
        refuse_random("scale", self.scale)
        start = np.array(objective.start, dtype=float)
        answer("scale", self.scale, start.copy())
        value = checks.real("scale(x)", steady("scale", self.scale, start))
        if value.shape not in ((), (objective.dim,)) or not np.isfinite(value).all():
            raise ValueError(f"scale(start) must be finite, one number or {objective.dim}, got {checks.short(value)}")

    def lacks(self, question: str, objective: Objective) -> str | None:
        if question == "root_additive_cov":
            return f"{self!r} depends on x, so it is not additive noise: use a constant scale or cov"
        return super().lacks(question, objective)

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return np.abs(self.scale(x)) * z[0]

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return np.abs(self.scale(x)) * dw

    def var(self, o: Oracle, x: Vector) -> Any:
        sd = self.scale(x)
        return sd * sd + 0.0 * x

    def __reduce__(self) -> Any:
        return Gaussian, (self.scale,)


@dataclass(frozen=True, eq=False, repr=False, init=False)
class FullGaussian(Gaussian):
    """Made by ``Gaussian(cov=Σ)``. The roots are lower triangular, in the sample and in the signs alike."""

    cov: Array
    root: Array = derived_field()
    square_root: Array = derived_field()
    variance: Array = derived_field()
    spectrum: Array = derived_field()
    axes: Array = derived_field()
    angles: Array = derived_field()
    sign_nodes: Array = derived_field()
    sign_weights: Array = derived_field()
    nodes: Array = derived_field()
    weights: Array = derived_field()

    def check(self, objective: Objective) -> None:
        fit("cov", self.cov, objective)

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return lower_matvec(self.root, z[0])

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return lower_matvec(self.root, dw)

    def noise_cov(self, o: Oracle, x: Vector, v: Vector) -> Any:
        return matvec(self.cov, v)

    def var(self, o: Oracle, x: Vector) -> Any:
        return self.variance

    def root_sign_cov(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        noisy, a = standardise(g, self.variance)
        below = sign_pairs(a, self.angles, self.sign_nodes, self.sign_weights)
        return noisy * root_times(sign_variance(a), below, dw)

    def root_sign_residual(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        """The signs less their regressions on the noise, of covariance 4 φ(a_i) φ(a_j) ρ_ij (Stein)."""
        noisy, a = standardise(g, self.variance)
        response = gaussian_response(a, filled(1.0, a))
        below = sign_pairs(a, self.angles, self.sign_nodes, self.sign_weights)
        below = below - firsts(response) * seconds(response) * sin(self.angles)
        rest = np.maximum(sign_variance(a) - response * response, 0.0)
        return noisy * root_times(rest, below, dw)

    def root_square_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return lower_matvec(self.square_root, dw)

    def expect_direction(self, o: Oracle, x: Vector, g: Vector) -> Any:
        mu = matvec(self.axes.T, g)
        return matvec(self.axes, direction_moments(mu, mu, self.spectrum, self.nodes, self.weights)[0])

    def direction_jacobian(self, o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
        mu = matvec(self.axes.T, g)
        slope = direction_moments(mu, matvec(self.axes.T, v), self.spectrum, self.nodes, self.weights)[1]
        return matvec(self.axes, slope)

    def direction_cov(self, o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
        mu, v1 = matvec(self.axes.T, g), matvec(self.axes.T, v)
        return matvec(self.axes, direction_spread(mu, v1, self.spectrum, self.nodes, self.weights))

    def direction_residual(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        """As for independent coordinates, in the axes of Σ, where the noise is √spectrum times normals."""
        e, w = dw
        mu = matvec(self.axes.T, g)
        z = np.sqrt(self.spectrum) * w
        mean, response = direction_moments(mu, z, self.spectrum, self.nodes, self.weights)
        return e[0] * matvec(self.axes, unit(mu + z) - mean - response)

    def __reduce__(self) -> Any:
        return Gaussian, (None, self.cov)
