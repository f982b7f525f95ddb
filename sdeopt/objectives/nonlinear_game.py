"""``NonlinearGame``: a polynomial game whose saddle point is ringed by cycles that trap its players."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, dot, matvec, total
from sdeopt.core.contracts import Vector
from sdeopt.objectives.contract import Array, derived_field, fortran, frozen
from sdeopt.objectives.minimax import Minimax, first

__all__ = ["NonlinearGame"]


def bump(z: Any) -> Any:
    """φ(z) = z²/4 - z⁴/2 + z⁶/6."""
    q = z * z
    return q * (0.25 - q * (0.5 - q / 6.0))


def slope(z: Any) -> Any:
    """φ'(z) = z/2 - 2z³ + z⁵."""
    q = z * z
    return z * (0.5 - q * (2.0 - q))


def curve(z: Any) -> Any:
    """φ''(z) = 1/2 - 6z² + 5z⁴."""
    q = z * z
    return 0.5 - q * (6.0 - 5.0 * q)


@dataclass(frozen=True, eq=False, repr=False)
class NonlinearGame(Minimax):
    """The game f(x, y) = x (y - s) + φ(x) - φ(y) of two numbers, φ(z) = z²/4 - z⁴/2 + z⁶/6.

    F = (y - s + φ'(x), -x + φ'(y)), J = ((φ''(x), 1), (-1, φ''(y))).

    Parameters
    ----------
    shift : float
        s; default 0.45.

    Notes
    -----
    A game of Hsieh, Mertikopoulos & Cevher (2021), arXiv:2006.09065, with which Compagnoni et al. (2024),
    arXiv:2402.12508, test their SDEs. F = 0 near (0.078, 0.412), which has no closed form. ``start`` = (0.6, 0.9). The
    field has fifth powers: with Gaussian noise and a learning rate of 0.05 or more, rare paths of the extragradient
    blow up.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.NonlinearGame()
    >>> f.grad(np.array([1.0, 0.0])).round(12).tolist()  # -0.45 + 1/2 - 2 + 1, -1
    [-0.95, -1.0]
    """

    shift: float = 0.45
    turn: Array = derived_field()  # ((0, 1), (-1, 0))
    offset: Array = derived_field()  # (s, 0)
    minimising: Array = derived_field()

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", checks.number("shift", self.shift))
        object.__setattr__(self, "turn", fortran(np.array([[0.0, 1.0], [-1.0, 0.0]])))
        object.__setattr__(self, "offset", frozen(np.array([self.shift, 0.0])))
        object.__setattr__(self, "minimising", first(1, 2))

    def value(self, x: Vector) -> Any:
        S = 2.0 * self.minimising - 1.0
        return 0.5 * dot(x, S * matvec(self.turn, x)) - dot(self.offset, x) + total(S * bump(x))

    def grad(self, x: Vector) -> Any:
        return matvec(self.turn, x) - self.offset + slope(x)

    def hvp(self, x: Vector, v: Vector) -> Any:
        return matvec(self.turn, v) + curve(x) * v

    def vjp(self, x: Vector, v: Vector) -> Any:
        return curve(x) * v - matvec(self.turn, v)

    @property
    def dim(self) -> int:
        return 2

    @property
    def start(self) -> Array:
        return np.array([0.6, 0.9])
