"""``WideningValley``: a valley of minima that grows flatter along its floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, dot
from sdeopt.core.contracts import Vector
from sdeopt.objectives.contract import Array, Smooth, derived_field, frozen

__all__ = ["WideningValley"]


@dataclass(frozen=True, eq=False, repr=False)
class WideningValley(Smooth):
    """The widening valley: f(u, v) = v² |u|² / 2 for x = (u, v), u in R^d and v a number.

    ∇f = (v² u, |u|² v). Every point with u = 0 is a minimum, with tr ∇²f = d v² there: the valley widens towards v = 0.
    (Also v = 0 is a valley of minima, with tr ∇²f = |u|².) Gradient flow conserves v² - |u|² and stops where it meets
    the floor; noise averages f to f + σ²/2 (d v² + |u|²) + const, exactly, and so moves on along the floor.

    Parameters
    ----------
    d : int
        Dimension of u, >= 1; default 10. x has d + 1 coordinates, v is the last one.

    Raises
    ------
    ValueError, TypeError
        If ``d`` is not a whole number >= 1.

    Notes
    -----
    ``optimum`` = 0, the flattest of the minima, and ``minimum`` = 0. ``start``: |u| = 1/2, all entries equal, and
    v = 3/2. The flow of the averaged loss is `sdeopt.theory.widening_flow`.

    References
    ----------
    Orvieto, Kersting, Proske, Bach & Lucchi (2022), Anticorrelated noise injection for improved generalization,
    arXiv:2202.02831.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.WideningValley(d=2)
    >>> f.grad(np.array([1.0, 2.0, 3.0])).tolist(), float(np.trace(f.hessian([0.0, 0.0, 3.0])))
    ([9.0, 18.0, 15.0], 18.0)
    """

    d: int = 10
    last: Any = derived_field()

    def __post_init__(self) -> None:
        object.__setattr__(self, "d", checks.dimension("d", self.d))
        object.__setattr__(self, "last", frozen(np.eye(self.d + 1)[self.d].copy()))

    def value(self, x: Vector) -> Any:
        v = dot(self.last, x)
        u = x - v * self.last
        return 0.5 * v * v * dot(u, u)

    def grad(self, x: Vector) -> Any:
        v = dot(self.last, x)
        u = x - v * self.last
        return v * v * u + v * dot(u, u) * self.last

    def hvp(self, x: Vector, v: Vector) -> Any:
        depth, dv = dot(self.last, x), dot(self.last, v)
        u, du = x - depth * self.last, v - dv * self.last
        along = dv * dot(u, u) + 2.0 * depth * dot(u, du)
        return depth * depth * du + 2.0 * depth * dv * u + along * self.last

    @property
    def dim(self) -> int:
        return self.d + 1

    @property
    def start(self) -> Array:
        return np.append(np.full(self.d, 0.5 / np.sqrt(self.d)), 1.5)

    @property
    def optimum(self) -> Array:
        return np.zeros(self.dim)

    @property
    def minimum(self) -> float:
        return 0.0
