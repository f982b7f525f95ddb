"""``EmbeddedSaddle``: a quadratic saddle that a quartic term bounds below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, dot, matvec
from sdeopt.core.contracts import Vector
from sdeopt.objectives.contract import Array, Smooth, symmetric

__all__ = ["EmbeddedSaddle"]


@dataclass(frozen=True, eq=False, repr=False)
class EmbeddedSaddle(Smooth):
    """A saddle embedded in a bounded landscape: f(x) = ½ xᵀHx + (λ/4) Σ x_i⁴ - (ξ/3) Σ x_i³.

    ∇f = Hx + λx³ - ξx² and ∇²f = H + diag(3λx² - 2ξx), powers elementwise. The origin is a critical point with Hessian
    H; along its negative eigenvectors lie minima of unequal depth (ξ breaks the symmetry).

    Parameters
    ----------
    H : array_like, shape (d,) or (d, d)
        Hessian at the origin: a vector (diagonal) or a symmetric matrix; default [[-0.5, 0.25], [0.25, 1]].
    quartic : float
        λ > 0; default 0.5.
    cubic : float
        ξ of any sign; default 0.1.

    Raises
    ------
    ValueError
        If H is not finite and symmetric, or ``quartic`` is not positive.

    Notes
    -----
    The landscape is modelled on the embedded saddle of Compagnoni et al. (2023), "An SDE for modeling SAM",
    arXiv:2301.08203; the default constants are this package's own test problem, not that paper's. Its minima have no
    closed form, so ``optimum`` and ``minimum`` are None. ``start`` = (0.4, 1, 0.4, ...).

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.EmbeddedSaddle()
    >>> f.start.tolist(), f.hessian([0.0, 0.0]).tolist()
    ([0.4, 1.0], [[-0.5, 0.25], [0.25, 1.0]])
    """

    H: Any = ((-0.5, 0.25), (0.25, 1.0))
    quartic: float = 0.5
    cubic: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "H", symmetric("H", self.H))
        object.__setattr__(self, "quartic", checks.positive("quartic", self.quartic))
        object.__setattr__(self, "cubic", checks.number("cubic", self.cubic))

    def value(self, x: Vector) -> Any:
        square = x * x
        return (
            0.5 * dot(x, matvec(self.H, x))
            + self.quartic / 4.0 * dot(square, square)
            - self.cubic / 3.0 * dot(square, x)
        )

    def grad(self, x: Vector) -> Any:
        return matvec(self.H, x) + (self.quartic * x - self.cubic) * x * x

    def hvp(self, x: Vector, v: Vector) -> Any:
        return matvec(self.H, v) + (3.0 * self.quartic * x - 2.0 * self.cubic) * x * v

    @property
    def dim(self) -> int:
        return int(self.H.shape[0])

    @property
    def start(self) -> Array:
        return np.resize([0.4, 1.0], self.dim)
