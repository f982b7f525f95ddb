"""``Quadratic``: f = (x - c)ᵀ H (x - c) / 2, where every closed form of the theory lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, dot, matvec
from sdeopt.core.contracts import Vector
from sdeopt.objectives.contract import Array, Smooth, spectrum, symmetric

__all__ = ["Quadratic"]


@dataclass(frozen=True, eq=False, repr=False)
class Quadratic(Smooth):
    """A quadratic: f(x) = (x - c)ᵀ H (x - c) / 2, ∇f = H (x - c), ∇²f = H.

    Parameters
    ----------
    H : array_like, shape (d,) or (d, d)
        Hessian: a vector of eigenvalues (diagonal H) or a symmetric matrix. It may be indefinite (a saddle).
    center : array_like, shape (d,), optional
        The critical point c; default 0.

    Raises
    ------
    ValueError
        If H is not finite and symmetric (to 1e-12 of its largest entry), or ``center`` has another length.

    Notes
    -----
    ``optimum`` = c and ``minimum`` = 0 if H is positive semidefinite, else None: f is then unbounded below.
    ``curvature`` is exact. ``start`` = c + (1, -1, 1, ...).

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.Quadratic([1.0, 2.0])
    >>> f
    Quadratic(H=[1.0, 2.0], center=[0.0, 0.0])
    >>> f.grad(f.start).tolist(), f.curvature
    ([1.0, -2.0], (1.0, 2.0))
    >>> so.Quadratic([[0.0, 1.0], [1.0, 0.0]]).curvature
    (-1.0, 1.0)
    """

    H: Any
    center: Any = None

    def __post_init__(self) -> None:
        H = symmetric("H", self.H)
        center = np.zeros(H.shape[0]) if self.center is None else self.center
        object.__setattr__(self, "H", H)
        object.__setattr__(self, "center", checks.array("center", center, shape=(H.shape[0],)))

    def value(self, x: Vector) -> Any:
        r = x - self.center
        return 0.5 * dot(r, matvec(self.H, r))

    def grad(self, x: Vector) -> Any:
        return matvec(self.H, x - self.center)

    def hvp(self, x: Vector, v: Vector) -> Any:
        return matvec(self.H, v)

    @property
    def dim(self) -> int:
        return int(self.H.shape[0])

    @property
    def start(self) -> Array:
        return np.asarray(self.center + np.resize([1.0, -1.0], self.dim))

    @property
    def optimum(self) -> Array | None:
        return np.array(self.center) if self._bounded else None

    @property
    def minimum(self) -> float | None:
        return 0.0 if self._bounded else None

    @property
    def curvature(self) -> tuple[float, float]:
        return spectrum(self.H)

    @property
    def _bounded(self) -> bool:
        low, high = self.curvature
        return low >= -1e-14 * self.dim * abs(high)  # eigvalsh returns the zeros of a singular H with this error
