"""``DoubleWell``: two valleys in every coordinate and a barrier between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, dot
from sdeopt.core.contracts import Vector
from sdeopt.objectives.contract import Array, Smooth

__all__ = ["DoubleWell"]


@dataclass(frozen=True, eq=False, repr=False)
class DoubleWell(Smooth):
    """A symmetric double well in each coordinate: f(x) = height · Σ_i (x_i² - 1)².

    ∂_i f = 4 height x_i (x_i² - 1), ∂²_i f = 4 height (3 x_i² - 1). The 2^d points with all x_i = ±1 are the minima
    (f = 0, curvature 8 height); between two neighbours lies a barrier of the stated height (at x_i = 0, curvature
    -4 height). Kramers' rate of escape of dX = -∇f dt + √(2D) dW over one barrier is then, for D ≪ height,
    (√32 height / 2π) exp(-height/D).

    Parameters
    ----------
    dim : int
        Dimension d >= 1; default 1.
    height : float
        Height of the barrier, > 0; default 1.

    Raises
    ------
    ValueError
        If ``dim`` is below 1 or ``height`` is not positive.

    References
    ----------
    Kramers, H. A. (1940). Brownian motion in a field of force and the diffusion model of chemical reactions. Physica
    7(4), 284-304.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.DoubleWell(dim=2, height=0.5)
    >>> f.start.tolist(), f.grad(f.start).tolist(), f.optimum.tolist()
    ([0.5, 0.5], [-0.75, -0.75], [1.0, 1.0])
    """

    dim: int = 1
    height: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "dim", checks.dimension("dim", self.dim))
        object.__setattr__(self, "height", checks.positive("height", self.height))

    def value(self, x: Vector) -> Any:
        w = x * x - 1.0
        return self.height * dot(w, w)

    def grad(self, x: Vector) -> Any:
        return 4.0 * self.height * x * (x * x - 1.0)

    def hvp(self, x: Vector, v: Vector) -> Any:
        return 4.0 * self.height * (3.0 * x * x - 1.0) * v

    @property
    def start(self) -> Array:
        return np.full(self.dim, 0.5)

    @property
    def optimum(self) -> Array:
        return np.ones(self.dim)

    @property
    def minimum(self) -> float:
        return 0.0
