"""``Rosenbrock``: the curved valley, mild or classical."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, total
from sdeopt.core.contracts import Vector
from sdeopt.objectives.contract import Array, Smooth

__all__ = ["Rosenbrock"]


@dataclass(frozen=True, eq=False, repr=False)
class Rosenbrock(Smooth):
    """Rosenbrock's valley, d = 2: f(x) = scale · [(1 - x₁)² + stiffness · (x₂ - x₁²)²].

    ∇f = 2 scale · (x₁ - 1 - 2 stiffness x₁ r, stiffness r) with r = x₂ - x₁². The default is the mild valley
    ½(1 - x₁)² + ½(x₂ - x₁²)², whose Hessian at the minimum has the eigenvalues 3 ± √8, so that ordinary learning
    rates are stable. The classical function is ``Rosenbrock(scale=1.0, stiffness=100.0)``, with eigenvalues up to
    about 1002.

    Parameters
    ----------
    scale : float
        Factor of the whole function, > 0; default 1/2.
    stiffness : float
        Steepness of the walls relative to the floor, > 0; default 1.

    Raises
    ------
    ValueError
        If a parameter is not positive.

    References
    ----------
    Rosenbrock, H. H. (1960). An automatic method for finding the greatest or least value of a function. The Computer
    Journal 3(3), 175-184.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> so.Rosenbrock().value(so.Rosenbrock().start).item()
    1.40625
    >>> round(float(so.Rosenbrock(scale=1.0, stiffness=100.0).value(np.array([-1.2, 1.0]))), 12)
    24.2
    """

    scale: float = 0.5
    stiffness: float = 1.0

    def __post_init__(self) -> None:
        for name in ("scale", "stiffness"):
            object.__setattr__(self, name, checks.positive(name, getattr(self, name)))

    def value(self, x: Vector) -> Any:
        u = 1.0 - x[:1]
        r = x[1:] - x[:1] * x[:1]
        return self.scale * total(u * u + self.stiffness * r * r)

    def grad(self, x: Vector) -> Any:
        u = x[:1]
        r = x[1:] - u * u
        floor = u - 1.0 - 2.0 * self.stiffness * u * r
        return 2.0 * self.scale * np.concatenate((floor, self.stiffness * r))

    def hvp(self, x: Vector, v: Vector) -> Any:
        u = x[:1]
        du = v[:1]
        r = x[1:] - u * u
        dr = v[1:] - 2.0 * u * du
        floor = du - 2.0 * self.stiffness * (du * r + u * dr)
        return 2.0 * self.scale * np.concatenate((floor, self.stiffness * dr))

    @property
    def dim(self) -> int:
        return 2

    @property
    def start(self) -> Array:
        return np.array([-0.5, 1.0])

    @property
    def optimum(self) -> Array:
        return np.ones(2)

    @property
    def minimum(self) -> float:
        return 0.0
