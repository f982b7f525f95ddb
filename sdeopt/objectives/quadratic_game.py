"""``QuadraticGame`` and ``BilinearGame``: games with an affine field, where every closed form of the theory lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, dot, matvec
from sdeopt.core.contracts import Vector
from sdeopt.objectives.contract import Array, derived_field, fortran, frozen, symmetric
from sdeopt.objectives.minimax import Minimax, first

__all__ = ["AffineGame", "BilinearGame", "QuadraticGame"]


class AffineGame(Minimax):
    """A game whose field is F(z) = J (z - c)."""

    J: Array
    transposed: Array  # Jᵀ
    center: Array

    def value(self, x: Vector) -> Any:
        r = x - self.center
        return 0.5 * dot(r, (2.0 * self.minimising - 1.0) * matvec(self.J, r))

    def grad(self, x: Vector) -> Any:
        return matvec(self.J, x - self.center)

    def hvp(self, x: Vector, v: Vector) -> Any:
        return matvec(self.J, v)

    def vjp(self, x: Vector, v: Vector) -> Any:
        return matvec(self.transposed, v)

    @property
    def dim(self) -> int:
        return int(self.J.shape[0])

    @property
    def start(self) -> Array:
        return np.asarray(self.center + 1.0)


def _check(name: str, value: Any) -> Any:
    """The number or the array that the user gave."""
    return checks.number(name, value) if checks.single(value) else checks.array(name, value, ndim=(1, 2))


def _block(name: str, value: Any, size: int) -> Array:
    """The symmetric matrix that a number, a diagonal or a matrix stands for."""
    if checks.single(value):
        return np.asarray(value * np.eye(size))
    H = symmetric(name, value)
    if len(H) != size:
        raise ValueError(f"{name} must have {size} rows, to fit the coupling, got {len(H)}")
    return np.diag(H) if H.ndim == 1 else H


def _settle(game: Any, a: Any, b: Any, center: Any) -> None:
    """Fill in J = ((A, C), (-Cᵀ, B)) and what belongs to it."""
    coupling = _check("coupling", game.coupling)
    C = np.full((1, 1), coupling) if np.ndim(coupling) == 0 else checks.array("coupling", coupling, ndim=2)
    n, m = C.shape
    J = np.block([[_block("a", a, n), C], [-C.T, _block("b", b, m)]])
    middle = checks.array("center", np.zeros(n + m) if center is None else center, shape=(n + m,))
    fields = {"J": fortran(J), "transposed": fortran(J.T), "center": frozen(middle), "minimising": first(n, n + m)}
    for name, value in ({"coupling": coupling} | fields).items():
        object.__setattr__(game, name, value)


@dataclass(frozen=True, eq=False, repr=False)
class QuadraticGame(AffineGame):
    """A quadratic game: f(x, y) = xᵀAx/2 + xᵀCy - yᵀBy/2 with (x, y) measured from the center.

    F = J (z - c) with J = ((A, C), (-Cᵀ, B)). The center is a saddle point, a minimum in x and a maximum in y, if A
    and B are positive semidefinite; they need not be.

    Parameters
    ----------
    a : float or array_like, shape (n,) or (n, n)
        A: a multiple of the identity, a diagonal or a symmetric matrix; any sign; default 1.
    coupling : float or array_like, shape (n, m)
        C; a number for n = m = 1; default 1.
    b : float or array_like, shape (m,) or (m, m), optional
        B, as a; default a.
    center : array_like, shape (n + m,), optional
        Where F is 0; default 0.

    Raises
    ------
    ValueError
        If A or B is not symmetric (to 1e-12 of its largest entry), or the shapes disagree.

    Notes
    -----
    With numbers, f = a x²/2 + λxy - a y²/2 is the quadratic game of Compagnoni et al. (2024), arXiv:2402.12508.
    ``start`` = c + (1, 1, ...).

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.QuadraticGame(a=0.5, coupling=1.0, b=1.0)
    >>> f
    QuadraticGame(a=0.5, coupling=1.0, b=1.0, center=[0.0, 0.0])
    >>> f.J.tolist(), f.grad(np.array([1.0, -0.8])).tolist()
    ([[0.5, 1.0], [-1.0, 1.0]], [-0.30000000000000004, -1.8])
    """

    a: Any = 1.0
    coupling: Any = 1.0
    b: Any = None
    center: Any = None
    J: Array = derived_field()
    transposed: Array = derived_field()
    minimising: Array = derived_field()

    def __post_init__(self) -> None:
        object.__setattr__(self, "a", _check("a", self.a))
        object.__setattr__(self, "b", self.a if self.b is None else _check("b", self.b))
        _settle(self, self.a, self.b, self.center)


@dataclass(frozen=True, eq=False, repr=False)
class BilinearGame(AffineGame):
    """The bilinear game f(x, y) = xᵀCy, F = (Cy, -Cᵀx): its flow circles the saddle point 0 and never arrives.

    Parameters
    ----------
    coupling : float or array_like, shape (n, m)
        C; a number λ for f = λxy; default 1.

    Raises
    ------
    ValueError
        If the coupling is not finite or no matrix.

    Notes
    -----
    ``start`` = (1, 1, ...).

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.BilinearGame(2.0)
    >>> z = np.array([1.0, 3.0])
    >>> f.value(z).item(), f.grad(z).tolist()
    (6.0, [6.0, -2.0])
    """

    coupling: Any = 1.0
    J: Array = derived_field()
    transposed: Array = derived_field()
    center: Array = derived_field()
    minimising: Array = derived_field()

    def __post_init__(self) -> None:
        _settle(self, 0.0, 0.0, None)
