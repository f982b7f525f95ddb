"""No noise: the full gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import dot
from sdeopt.core.contracts import Draws, Objective, Vector
from sdeopt.core.oracle import Oracle, grad
from sdeopt.noise.directions import clipped, length, unit
from sdeopt.noise.law import Law

__all__ = ["NoNoise"]


@dataclass(frozen=True, repr=False)
class NoNoise(Law):
    """ξ = 0: the optimizer sees ∇f(x) itself, and every diffusion vanishes.

    The sign is sign(g), with sign(0) = 0. The direction is u = g/|g| with derivative M v = (v - u uᵀv)/|g|; both are
    taken as 0 at g = 0, where they do not exist.

    Examples
    --------
    >>> import sdeopt as so
    >>> so.NoNoise()
    NoNoise()
    """

    normal = True

    def draws(self, objective: Objective) -> tuple[tuple[str, int], ...]:
        return ()

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return 0.0 * x

    def noisy_grad(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return grad(o, x)

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return 0.0 * dw

    def var(self, o: Oracle, x: Vector) -> Any:
        return 0.0 * x

    def mean_clipped(self, o: Oracle, x: Vector, clip: Any) -> Any:
        return clipped(grad(o, x), clip)

    def mean_sign(self, o: Oracle, x: Vector, g: Vector) -> Any:
        return np.sign(g)

    def root_sign_cov(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        return 0.0 * dw

    def sign_response(self, o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
        return 0.0 * v

    def root_sign_residual(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        return 0.0 * dw

    def root_square_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return 0.0 * dw

    def expect_direction(self, o: Oracle, x: Vector, g: Vector) -> Any:
        return unit(g)

    def direction_jacobian(self, o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
        u = unit(g)
        return (v - u * dot(u, v)) * (dot(u, u) / length(g))

    def direction_cov(self, o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
        return 0.0 * v

    def direction_residual(self, o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
        return 0.0 * dw
