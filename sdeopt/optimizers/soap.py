"""SOAP: Adam in the axes of Shampoo, that is of the mean products of gradients along rows and along columns.

Discrete
    L' = β₂ L + (1 - β₂) ΓΓᵀ,   R' = β₂ R + (1 - β₂) ΓᵀΓ         Γ = ∇f(X) + ξ, X an r by c matrix;  L₀ = R₀ = 0
    M' = β₁ M + (1 - β₁) Γ,     V' = β₂ V + (1 - β₂) Γ̃²          Γ̃ = QᵀΓP, Q and P the eigenvectors of L and of R,
    X' = (1 - ηθ) [X - (η √ι₂/ι₁) Q (M̃/(√V' + ε)) Pᵀ]            of the largest eigenvalue first; M̃ = QᵀM'P

    Products and squares are of the entries. ιᵢ = 1 - βᵢᵏ corrects the bias, k from 1 on: step 0 sets L and R alone, so
    that no gradient is seen in axes of its own. ε stands outside the root and before the correction, θ decays last.
    As the authors' code and pytorch_optimizer's SOAP with precondition_frequency=1, but for one thing: they take a
    power iteration with a QR decomposition for new axes, here they are exact, by Jacobi's rotations; meant for small
    matrices.

SDE
    sampled   dY = E[Δ]/η dt + (Cov Δ/η)^{1/2} dW for Y = (X, M, V, L, R), Δ the step itself by fresh draws

    One step is η units of time. With ρᵢ = (1 - βᵢ)/η and G = ∇f(X) its drift is, as η → 0,
        dX = -(√ι₂/ι₁) Q (M̃/(√V + ε)) Pᵀ dt - θX dt,   dM = ρ₁ (G - M) dt,   dV = ρ₂ (E Γ̃² - V) dt,
        dL = ρ₂ (E ΓΓᵀ - L) dt,   dR = ρ₂ (E ΓᵀΓ - R) dt
    with ιᵢ = 1 - e^{-ρᵢt}; the noise is that of M, V, L and R, of the order √η. "sampled" for the reason of `Shampoo`:
    these means take the covariances of the entries of ξ, their noise fourth moments, and no law tells them but through
    draws. Where noise leaves V below what M̃ demands, as a running mean of the same gradients, it is raised to that.
    The authors' axes are late by O(η) if the eigenvalues are apart: to this order they have the same SDE.

Regime
    η → 0 with ρᵢ and θ fixed, t = kη fixed, while the eigenvalues of L, and those of R, are apart by more than their
    noise, √(1 - β₂) of their size. Where two meet the axes are not continuous and V belongs to none: no SDE with V in
    it holds there. Where noise alone is seen, alike in all directions, they do meet, but V is then σ² in any axes.

Claim
    Weak order 1 in η from warm means: the mean of a step is the drift above, to η²; no certificate was measured yet.
    Rotations of rows and columns, X → QXPᵀ, turn the path with them, unlike that of
    `Adam`. Of matrices that stay diagonal, as of one number, the path is Adam's, one step late. At rest on f = h|X|²/2,
    with a covariance of ξ that is a Kronecker product of matrices with eigenvalues apart,

        Cov X = (η/2h) Σ^{1/2},  where Adam has Cov X_ij = (η/h) Σ_ij/(√Σ_ii + √Σ_jj),

    to leading order: correlated noise costs SOAP less, for tr Σ^{1/2} <= Σ_i √Σ_ii.

Heavy tails
    Refused where ξ has no variance: L and R gather ξξᵀ, whose mean does not exist. The discrete column runs.

Sources
    Vyas, Morwani, Zhao, Shapira, Brandfonbrener, Janson & Kakade (2025), arXiv:2409.11321, of which the abstract and
    a library's code were read. The SDE is that of every method, see "sampled"; its drift and the claims are derived
    here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Decay,
    Draws,
    NonNegative,
    Oracle,
    Positive,
    State,
    Vector,
    grad,
    matrix_rows,
    method,
    noise_var,
    noisy_grad,
    power,
    where,
)
from sdeopt.optimizers.adam import reachable
from sdeopt.optimizers.shampoo import between, eigen, gram

__all__ = ["SOAP"]


def axes(matrix: Any, n: int) -> Any:
    """Eigenvectors of a symmetric matrix as columns, and as rows, that of the largest eigenvalue first."""
    values, q = eigen(matrix, n)
    columns, rows = np.zeros(n * n), np.zeros(n * n)
    for k in range(n):
        place = 0
        for j in range(n):
            if values[j] > values[k] or (values[j] == values[k] and j < k):
                place += 1
        for i in range(n):
            columns[i * n + place] = q[i * n + k]
            rows[place * n + i] = q[i * n + k]
    return columns, rows


def side(matrix: Any) -> Any:
    """n of the n by n entries of a matrix."""
    n = 1
    while n * n < matrix.size:
        n += 1
    return n


@method(
    order=1, parts=("x", "m", "v", "l", "r"), family="adaptive", lanes=False,
    objective="matrix-quadratic:rows=2,cols=3",
    at={"lr": 0.025, "beta1": 0.95, "beta2": 0.95, "objective": "matrix-quadratic:rows=2,cols=2,scale=10"},  # |g| > |ξ|
)  # fmt: skip
class SOAP(NamedTuple):
    """Adam in the axes of Shampoo, of a matrix.

    Discrete
        L' = β₂ L + (1 - β₂) ΓΓᵀ,  R' = β₂ R + (1 - β₂) ΓᵀΓ,  M' = β₁ M + (1 - β₁) Γ,  V' = β₂ V + (1 - β₂) (QᵀΓP)²,
        X' = (1 - ηθ) [X - (η √ι₂/ι₁) Q (QᵀM'P/(√V' + ε)) Pᵀ],  Q, P the eigenvectors of L, R,  Γ = ∇f(X) + ξ
    SDE
        "sampled": the moments of the step of (X, M, V, L, R)
    Regime
        η → 0, t = kη, ρᵢ = (1 - βᵢ)/η and θ fixed, eigenvalues of L and of R apart
    Claim
        weak order 1 from warm means; turns with the matrix
    Sources
        Vyas et al., arXiv:2409.11321

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    beta1, beta2 : float
        Decays in [0, 1) of the running means of the gradient, and of its squares and products; default 0.95 each.
    eps : float
        ε >= 0, added outside the root before the bias correction, in units of the gradient; default 1e-8.
    weight_decay : float
        θ >= 0, a rate: one step shrinks X by ηθ X; default 0.01.

    Examples
    --------
    Without noise the first step that moves has no singular values but η:

    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.MatrixQuadratic([[0.0, -2.0], [1.0, 0.0]])).oracle  # gradient at 0: ((0, 2), (-1, 0))
    >>> page = so.SOAP(lr=0.1, weight_decay=0.0)
    >>> y = page.step(0, page.init(np.zeros(4), o), o, ())
    >>> y[0], page.step(1, y, o, ())[0].round(6).reshape(2, 2) + 0.0
    (array([0., 0., 0., 0.]), array([[ 0. , -0.1],
           [ 0.1,  0. ]]))
    """

    lr: Positive
    beta1: Decay = 0.95
    beta2: Decay = 0.95
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.01

    def scaled(self, lr: Any) -> Any:
        beta1, beta2 = (1.0 - (1.0 - beta) * lr / self.lr for beta in (self.beta1, self.beta2))
        return self._replace(lr=lr, beta1=beta1, beta2=beta2)

    def init(self, x: Vector, o: Oracle) -> Any:
        rows = matrix_rows(o)
        cols = x.size // rows
        return x, 0.0 * x, 0.0 * x, np.zeros(rows * rows), np.zeros(cols * cols)

    def warm(self, x: Vector, o: Oracle) -> Any:
        """For noise that is not correlated from entry to entry."""
        rows = matrix_rows(o)
        cols = x.size // rows
        g, s = grad(o, x), noise_var(o, x) + 0.0 * x
        left, right = gram(g, rows, cols, cols, 1), gram(g, cols, rows, 1, cols)
        for i in range(rows):
            for j in range(cols):
                left[i * rows + i] += s[i * cols + j]
                right[j * cols + j] += s[i * cols + j]
        (_, qt), (p, _) = axes(left, rows), axes(right, cols)
        seen = between(qt, g, p, rows)
        return x, g, seen * seen + between(qt * qt, s, p * p, rows), left, right

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, m, v, left, right = y
        rows = matrix_rows(o)
        cols = x.size // rows
        g = noisy_grad(o, x, z)
        (q, qt), (p, pt) = axes(left, rows), axes(right, cols)
        seen = between(qt, g, p, rows)
        new1, new2 = 1.0 - self.beta1, 1.0 - self.beta2
        left1 = left + new2 * (gram(g, rows, cols, cols, 1) - left)
        right1 = right + new2 * (gram(g, cols, rows, 1, cols) - right)
        moving, count = where(k >= 1.0, 1.0, 0.0), max(1.0 * k, 1.0)
        m1, v1 = m + moving * new1 * (g - m), v + moving * new2 * (seen * seen - v)
        rate = moving * self.lr * np.sqrt(1.0 - power(self.beta2, count)) / (1.0 - power(self.beta1, count))
        ahead = between(qt, m1, p, rows) / (np.sqrt(v1) + self.eps + (1.0 - moving))
        x1 = (1.0 - moving * self.lr * self.weight_decay) * (x - rate * between(q, ahead, pt, rows))
        return x1, m1, v1, left1, right1

    def domain(self, y: State) -> Any:
        x, m, v, left, right = y
        rows = side(left)
        (_, qt), (p, _) = axes(left, rows), axes(right, side(right))
        _, _, above = reachable(self, (x, between(qt, m, p, rows), v))
        return x, m, above, left, right
