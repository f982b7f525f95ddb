"""``MatrixQuadratic``: a quadratic function of a matrix, for methods that step along matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, dot, matvec
from sdeopt.core.contracts import Vector
from sdeopt.objectives.contract import Array, Smooth, derived_field, fortran, frozen, spectrum

__all__ = ["MatrixQuadratic"]


@dataclass(frozen=True, eq=False, repr=False)
class MatrixQuadratic(Smooth):
    """Least squares in a matrix X (r, c): f(X) = ½|AX - C|²_F, ∇f = Aᵀ(AX - C), ∇²f: V → AᵀA V.

    The state is X, flattened row by row; d = rc.

    Parameters
    ----------
    target : array_like, shape (m, c)
        C.
    A : array_like, shape (m, r), optional
        Default the identity; then r = m.

    Raises
    ------
    ValueError
        If a number is not finite or the shapes disagree.

    Notes
    -----
    ``optimum`` = A⁺C, of least norm if there are many, and ``curvature`` is exact. ``start`` = 0.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.MatrixQuadratic([[1.0, 2.0, 0.0]], A=[[2.0]])
    >>> f.dim, f.matrix_rows(), f.grad(f.start).round(12).tolist(), f.optimum.round(12).tolist(), f.curvature
    (3, 1, [-2.0, -4.0, 0.0], [0.5, 1.0, 0.0], (4.0, 4.0))
    """

    target: Any
    A: Any = None
    rows: int = derived_field()
    H: Array = derived_field()
    center: Array = derived_field()
    least: float = derived_field()

    def __post_init__(self) -> None:
        target = checks.array("target", self.target, ndim=2)
        A = checks.array("A", np.eye(len(target)) if self.A is None else self.A, ndim=2)
        if len(A) != len(target):
            raise ValueError(f"A must have {len(target)} rows as target has, got shape {A.shape}")
        known: dict[str, Any] = {"target": target, "A": A, "rows": A.shape[1]}
        known["H"] = fortran(np.kron(A.T @ A, np.eye(target.shape[1])).astype(float))
        best: Array = np.linalg.lstsq(A, target)[0].astype(float)
        known["center"], known["least"] = frozen(best.ravel()), 0.5 * float(np.sum((A @ best - target) ** 2))
        for name, value in known.items():
            object.__setattr__(self, name, value)

    def matrix_rows(self) -> Any:
        """Number r of rows of X."""
        return self.rows

    def value(self, x: Vector) -> Any:
        r = x - self.center
        return 0.5 * dot(r, matvec(self.H, r)) + self.least

    def grad(self, x: Vector) -> Any:
        return matvec(self.H, x - self.center)

    def hvp(self, x: Vector, v: Vector) -> Any:
        return matvec(self.H, v)

    @property
    def dim(self) -> int:
        return int(self.center.size)

    @property
    def start(self) -> Array:
        return np.zeros(self.dim)

    @property
    def optimum(self) -> Array:
        return np.array(self.center)

    @property
    def minimum(self) -> float:
        return self.least

    @property
    def curvature(self) -> tuple[float, float]:
        return spectrum(self.H)
