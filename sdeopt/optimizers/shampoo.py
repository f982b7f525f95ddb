"""Shampoo: a matrix of gradients between the inverse fourth roots of what its rows and its columns have summed up.

Discrete
    L' = L + ΓΓᵀ,   R' = R + ΓᵀΓ,   X' = X - α L'^{-1/4} Γ R'^{-1/4}       Γ = ∇f(X) + ξ, X an r by c matrix;  L₀ = εI,
                                                                           R₀ = εI, ε = ``initial``
    Sums as in the paper's algorithm 1, no means and no momentum. The roots are those of the eigenvalues, by Jacobi's
    rotations, at every step: meant for small matrices.

SDE
    sampled   dY = E[Δ]/η dt + (Cov Δ/η)^{1/2} dW for Y = (X, L, R), Δ the step itself by fresh draws

    One step is η = α² units of time, as for `Adagrad`, which this is for a 1 by 1 matrix. Why sums: they are the
    method of the paper, and in α²L and α²R, of order one, the equation is free of α but for its noise. Why "sampled":
    the mean of ΓΓᵀ takes the covariances of the entries of ξ along rows and columns, its noise their fourth moments,
    and no law tells these but through draws. Noise can push L and R below εI, where the roots take ε for an eigenvalue.

Regime
    α → 0 with t = kα² and α²ε fixed. The command line runs at α = 0.2 with α²ε = 1.

Claim
    Weak order 2 in α, that is 1 in the time of a step, from α²ε of order one, as for `Adagrad`: the
    gap of a mean falls with the slope 0.94 ± 0.02 from η = 0.4 to 0.1 and that of a variance with 1.97 ± 0.09, on a
    column of two entries. On 2 by 2 entries the mean has 0.93 ± 0.02, the variance was not decided by simulation; mean
    and covariance of a step are there those of (-A^{-1/4}ΓB^{-1/4}, ΓΓᵀ, ΓᵀΓ), A = α²L and B = α²R, up to O(η), by
    sums over all draws. No step is longer than α in the spectral norm: L' >= ΓΓᵀ and R' >= ΓᵀΓ. The first step
    from a small ε is αUVᵀ of Γ = USVᵀ. Rotations of rows and columns,
    X → QXPᵀ, turn the path with them, unlike that of `Adagrad`. No stationary law: near a minimum with curvature h and
    Σ = σ²I, L and R are kcσ²I and krσ²I, so that Var X_ij follows ασ/(2h√k (rc)^{1/4}), (rc)^{-1/4} of what it is
    under `Adagrad`.

Heavy tails
    Refused where ξ has no variance: L and R gather ξξᵀ, whose mean does not exist. The discrete column runs.

Sources
    Gupta, Koren & Singer (2018), arXiv:1802.09568, recalled. The SDE is that of every method, see "sampled"; the clock
    and the claims are derived here, the bound on a step from the monotony of the matrix root.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Oracle, Positive, State, Vector, matrix_rows, method, noisy_grad
from sdeopt.optimizers.adagrad import squared_lr

__all__ = ["Shampoo"]

SWEEPS, ROUNDING = 12, 1e-17


def gram(g: Vector, n: int, m: int, down: int, right: int) -> Any:
    """The products of n vectors of m entries each, that lie ``down`` apart in ``g``, their entries ``right`` apart."""
    out = np.zeros(n * n)
    for i in range(n):
        for j in range(n):
            for k in range(m):
                out[i * n + j] += g[i * down + k * right] * g[j * down + k * right]
    return out


def turn(a: Any, n: int, i: int, j: int, along: int, cosine: Any, sine: Any) -> None:
    """Rotate two vectors of n entries that begin at i and j, their entries ``along`` apart, in place."""
    for k in range(n):
        first, second = a[i + k * along], a[j + k * along]
        a[i + k * along] = cosine * first - sine * second
        a[j + k * along] = sine * first + cosine * second


def eigen(matrix: Any, n: int) -> Any:
    """Eigenvalues of a symmetric matrix, and its eigenvectors as columns, by cyclic Jacobi rotations."""
    a, q, values = 1.0 * matrix, np.zeros(n * n), np.zeros(n)
    for i in range(n):
        q[i * n + i] = 1.0
    for _ in range(SWEEPS):
        for i in range(n):
            for j in range(i + 1, n):
                if abs(a[i * n + j]) > ROUNDING * (abs(a[i * n + i]) + abs(a[j * n + j])):
                    theta = (a[j * n + j] - a[i * n + i]) / (2.0 * a[i * n + j])
                    tangent = 1.0 / (abs(theta) + np.sqrt(theta * theta + 1.0))
                    if theta < 0.0:
                        tangent = -tangent
                    cosine = 1.0 / np.sqrt(tangent * tangent + 1.0)
                    turn(a, n, i, j, n, cosine, tangent * cosine)
                    turn(a, n, i * n, j * n, 1, cosine, tangent * cosine)
                    turn(q, n, i, j, n, cosine, tangent * cosine)
    for i in range(n):
        values[i] = a[i * n + i]
    return values, q


def inverse_fourth_root(a: Any, n: int, least: Any) -> Any:
    """A^{-1/4} of a symmetric matrix, with ``least`` in the place of smaller eigenvalues."""
    values, q = eigen(a, n)
    out = np.zeros(n * n)
    for k in range(n):
        root = 1.0 / np.sqrt(np.sqrt(max(values[k], least)))
        for i in range(n):
            for j in range(n):
                out[i * n + j] += q[i * n + k] * root * q[j * n + k]
    return out


def between(left: Any, g: Vector, right: Any, rows: int) -> Any:
    """The product of three matrices, flattened row by row."""
    cols = g.size // rows
    half, out = np.zeros(g.size), np.zeros(g.size)
    for i in range(rows):
        for j in range(cols):
            for k in range(rows):
                half[i * cols + j] += left[i * rows + k] * g[k * cols + j]
    for i in range(rows):
        for j in range(cols):
            for k in range(cols):
                out[i * cols + j] += half[i * cols + k] * right[k * cols + j]
    return out


@method(
    order=2, clock=squared_lr, parts=("x", "l", "r"), family="adaptive", limited=True, lanes=False,
    objective="matrix-quadratic:rows=2,cols=3", at={"lr": 0.2, "initial": 25.0},
)  # fmt: skip
class Shampoo(NamedTuple):
    """Shampoo of a matrix, with sums as preconditioners.

    Discrete
        L' = L + ΓΓᵀ,  R' = R + ΓᵀΓ,  X' = X - α L'^{-1/4} Γ R'^{-1/4},  Γ = ∇f(X) + ξ
    SDE
        "sampled": the moments of the step of (X, L, R)
    Regime
        α → 0, t = kα² and α²ε fixed: one step is α² units of time
    Claim
        weak order 2 in α (1 in the time of a step) from α²ε of order one
    Sources
        Gupta, Koren & Singer, arXiv:1802.09568, recalled

    Parameters
    ----------
    lr : float
        Learning rate α > 0, the spectral norm of the longest step; its square is the time of one step.
    initial : float
        ε > 0, the multiple of the identity at which both sums start; default 1e-4.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.MatrixQuadratic([[0.0, -2.0], [1.0, 0.0]])).oracle  # gradient at 0: ((0, 2), (-1, 0))
    >>> page = so.Shampoo(lr=0.1, initial=1e-12)
    >>> x, left, right = page.step(0, page.init(np.zeros(4), o), o, ())
    >>> x.round(6).reshape(2, 2) + 0.0  # the first step has no singular values but 0.1
    array([[ 0. , -0.1],
           [ 0.1,  0. ]])
    >>> left.round(6), right.round(6)
    (array([4., 0., 0., 1.]), array([1., 0., 0., 4.]))
    """

    lr: Positive
    initial: Positive = 1e-4

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, initial=self.initial * (self.lr / lr) * (self.lr / lr))

    def init(self, x: Vector, o: Oracle) -> Any:
        rows = matrix_rows(o)
        cols = x.size // rows
        left, right = np.zeros(rows * rows), np.zeros(cols * cols)
        for i in range(rows):
            left[i * rows + i] = self.initial
        for i in range(cols):
            right[i * cols + i] = self.initial
        return x, left, right

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, left, right = y
        rows = matrix_rows(o)
        cols = x.size // rows
        g = noisy_grad(o, x, z)
        left1 = left + gram(g, rows, cols, cols, 1)
        right1 = right + gram(g, cols, rows, 1, cols)
        a, b = inverse_fourth_root(left1, rows, self.initial), inverse_fourth_root(right1, cols, self.initial)
        return x - self.lr * between(a, g, b, rows), left1, right1
