"""``FiniteSumGame``: the mean of n quadratic games, of which a batch sees some, Jacobians and all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, dot, matvec
from sdeopt.core.contracts import Vector
from sdeopt.core.math import basis, batch_rmatvec
from sdeopt.objectives.contract import Array, derived_field, fortran, frozen, symmetric
from sdeopt.objectives.minimax import Minimax, first

__all__ = ["FiniteSumGame"]


@dataclass(frozen=True, eq=False, repr=False)
class FiniteSumGame(Minimax):
    """A finite sum of quadratic games: f = (1/n) Σ f_i, f_i(x, y) = xᵀA_i x/2 + xᵀC_i y - yᵀB_i y/2 + l_i·(x, y).

    The field of an example is F_i = J_i z + S l_i with J_i = ((A_i, C_i), (-C_iᵀ, B_i)) and S = diag(1 for x, -1 for
    y). A batch that has a field of its own has a Jacobian of its own, so that `Minibatch` noise grows with |z|, and
    does not vanish at z = 0 where the l_i differ. ``grad``, ``hvp`` and ``vjp`` are those of the mean.

    Parameters
    ----------
    coupling : array_like, shape (n,) or (n, p, m)
        The C_i: numbers for players of one coordinate each, or matrices.
    a : float or array_like, shape (n,) or (n, p, p)
        The A_i: a multiple of the identity, the same or one for each example, or symmetric matrices; any sign;
        default 0, which are bilinear games.
    b : float or array_like, shape (n,) or (n, m, m), optional
        The B_i, as a; default a, which is then no matrix unless p = m.
    linear : array_like, shape (n, p + m), optional
        The l_i; default 0.

    Raises
    ------
    ValueError, TypeError
        If an array is not finite or of another shape, or a matrix of a or b is not symmetric (to 1e-12 of its largest
        entry).

    Notes
    -----
    ``start`` = (1, 1, ...). A step reads B(d² + d) numbers, d = p + m.

    References
    ----------
    Finite sums are the setting of Loizou et al. (2020), arXiv:2007.04202, and of Compagnoni et al. (2024),
    arXiv:2402.12508 (the abstract was read); the data are yours.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.FiniteSumGame([1.0, 3.0], a=0.5, linear=[[1.0, 0.0], [-1.0, 0.0]])
    >>> z = np.array([1.0, -1.0])
    >>> f.grad(z).tolist(), f.batch_grad(z, np.array([1])).tolist()  # (x/2 + 2y, y/2 - 2x), (x/2 + 3y - 1, y/2 - 3x)
    ([-1.5, -2.5], [-3.5, -3.5])
    """

    coupling: Any
    a: Any = 0.0
    b: Any = None
    linear: Any = None
    jacobians: Array = derived_field()  # row i: J_i, row by row
    offsets: Array = derived_field()  # row i: S l_i
    spread: Array = derived_field()  # var F_ij = xᵀ V_j x + c_j·x + r_j: the rows of V_1, those of V_2, ...,
    cross: Array = derived_field()  # the c_j,
    rest: Array = derived_field()  # and the r_j
    J: Array = derived_field()
    transposed: Array = derived_field()
    offset: Array = derived_field()
    minimising: Array = derived_field()
    count: int = derived_field()

    def __post_init__(self) -> None:
        coupling = checks.array("coupling", self.coupling, ndim=(1, 3))
        C = coupling.reshape(-1, 1, 1) if coupling.ndim == 1 else coupling
        n, p, m = C.shape
        a, A = blocks("a", self.a, n, p)
        b, B = blocks("b", self.a if self.b is None else self.b, n, m)
        given, own = np.zeros((n, p + m)) if self.linear is None else self.linear, first(p, p + m)
        linear = checks.array("linear", given, ndim=2, shape=(n, p + m))
        upper, lower = np.concatenate([A, C], axis=2), np.concatenate([-C.transpose(0, 2, 1), B], axis=2)
        J, offset = np.concatenate([upper, lower], axis=1), (2.0 * own - 1.0) * linear
        fields: dict[str, Any] = {"coupling": coupling, "a": a, "b": b, "linear": linear, "minimising": own, "count": n}
        fields |= {"J": fortran(J.mean(0)), "transposed": fortran(J.mean(0).T), "offset": frozen(offset.mean(0))}
        fields |= {"jacobians": frozen(J.reshape(n, -1)), "offsets": frozen(offset)}
        fields |= spreads(J - J.mean(0), offset - offset.mean(0))
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def value(self, x: Vector) -> Any:
        S = 2.0 * self.minimising - 1.0
        return dot(x, S * (0.5 * matvec(self.J, x) + self.offset))

    def grad(self, x: Vector) -> Any:
        return matvec(self.J, x) + self.offset

    def hvp(self, x: Vector, v: Vector) -> Any:
        return matvec(self.J, v)

    def vjp(self, x: Vector, v: Vector) -> Any:
        return matvec(self.transposed, v)

    def examples(self) -> Any:
        """Number n of examples."""
        return self.count

    def weighted_grad(self, x: Vector, w: Any) -> Any:
        return applied(matvec(self.jacobians.T, w), x) + matvec(self.offsets.T, w)

    def batch_grad(self, x: Vector, index: Any) -> Any:
        ones = (1.0 + 0.0 * index) / index.size
        return applied(batch_rmatvec(self.jacobians, index, ones), x) + batch_rmatvec(self.offsets, index, ones)

    def batch_value(self, x: Vector, index: Any) -> Any:
        S, ones = 2.0 * self.minimising - 1.0, (1.0 + 0.0 * index) / index.size
        turned = 0.5 * applied(batch_rmatvec(self.jacobians, index, ones), x)
        return dot(x, S * (turned + batch_rmatvec(self.offsets, index, ones)))

    def grad_var(self, x: Vector) -> Any:
        return np.maximum(self.rest + matvec(self.cross, x) + applied(matvec(self.spread, x), x), 0.0)

    @property
    def dim(self) -> int:
        return len(self.minimising)


def blocks(name: str, value: Any, n: int, size: int) -> tuple[Any, Array]:
    """What was given, checked, and the n symmetric matrices that a number, n numbers or n matrices stand for."""
    if checks.single(value):
        number = checks.number(name, value)
        return number, np.broadcast_to(number * np.eye(size), (n, size, size))
    H = checks.array(name, value, ndim=(1, 3))
    if H.ndim == 1:
        return checks.array(name, H, shape=(n,)), H[:, None, None] * np.eye(size)
    H = checks.array(name, H, ndim=3, shape=(n, size, size))
    return H, np.array([symmetric(name, example) for example in H])


def spreads(J: Array, offset: Array) -> dict[str, Array]:
    """What the variance of F_i is made of, from the deviations of J_i and S l_i from their means."""
    n, d = offset.shape
    return {
        "spread": fortran(np.einsum("ijk,ijl->jkl", J, J).reshape(d * d, d) / n),
        "cross": fortran(2.0 * np.einsum("ijk,ij->jk", J, offset) / n),
        "rest": frozen((offset * offset).mean(0)),
    }


def applied(J: Any, x: Any) -> Any:
    """J x of a matrix that is kept row by row in one vector; lanes know no slices of unknown length."""
    out, d = 0.0 * x, len(x)
    for j in range(d):
        s = J[j * d] * x[0]
        for k in range(1, d):
            s = s + J[j * d + k] * x[k]
        out = out + s * basis(x, j)
    return out
