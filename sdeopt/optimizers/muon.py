"""Muon: the momentum of a matrix, made nearly orthogonal, is the step.

Discrete
    M' = β M + (1 - β) (G + ξ),    N = β M' + (1 - β) (G + ξ),                       G = ∇f(X), X an r by c matrix
    X' = (1 - ηλ) X - η √max(1, r/c) O(N),    M₀ = 0

    O(N): from Y = N/|N|_F, five steps of Newton-Schulz, Y ← aY + (bA + cA²)Y with A = YYᵀ. A network is trained by
    `Layered`, Muon on each of its matrices and AdamW on the rest.

SDE
    order1   dX = -[λX + √max(1, r/c) O(M)] dt
             dM = κ (G - M) dt + κ √η Σ^{1/2} dW                                                       κ = (1 - β)/η

    One step is η units of time. Where M = 0, as at the start, O is that of G, to which M goes.

Regime
    η → 0, 1 - β = κη with κ fixed, t = kη, while M keeps its rank and its direction is known: |M| well above its noise
    κη√k σ. The Nesterov form N = M + O(η) is then the plain one, to this order.

Claim
    Weak order 1 in η from a momentum that is not 0 (`certify` with warm=True begins at M = G): O is smooth there (an
    exact msign M = U S Vᵀ → U Vᵀ is not where a singular value vanishes). The covariances of X then differ by η²
    (measured with |G| = 5, σ = 0.05, κ = 2 at η = 0.025: slopes 0.87 ± 0.01 of a mean, 2.05 ± 0.09 of a variance).
    O bends sharply: at σ = 0.3 the latter is still 1.0 at η = 0.05. From the cold start M₀ = 0 the direction of the
    k-th step is uncertain by 1/√k, and the Nesterov form gives the newest sample twice its share: to first order in
    the noise the covariances then differ by η² log²(1/η), with slopes of 1.3 at η = 0.2 and 1.7 at 0.006 (κ = 2, t
    = 0.8). (a, b, c) = (3.4445, -4.7750, 2.0315) makes small singular values grow quickly and never converges:
    those in [0.01, 1] end in [0.68, 1.14]. On the command line's own small problem λ = 1 keeps X away from the target:
    at it, M is nothing but noise.

Heavy tails
    Refused where ξ has no variance: M is driven by Σ^{1/2} dW. The discrete column runs, and its steps are bounded.

Sources
    Jordan et al. (2024), whose code computes O in bfloat16 and adds 1e-7 to |N|_F; here it is in double precision, and
    O(0) = 0. Muon at scale: Liu et al. (2025), arXiv:2502.16982. The SDE is moment-matched by us.
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
    filled,
    grad,
    matrix_rows,
    method,
    noisy_grad,
    norm,
    root_cov,
    where,
)

__all__ = ["Muon", "newton_schulz"]

A, B, C = 3.4445, -4.7750, 2.0315


def polynomial(y: State, n: int, m: int, a: float, b: float, c: float) -> Any:
    """aY + (bG + cG²)Y with G = YYᵀ, Y an n by m matrix flattened row by row; sums run from first to last."""
    gram, row, out = np.empty(n * n), np.empty(n), np.empty(n * m)
    for i in range(n):
        for j in range(n):
            s = y[i * m] * y[j * m]
            for k in range(1, m):
                s += y[i * m + k] * y[j * m + k]
            gram[i * n + j] = s
    for i in range(n):
        for j in range(n):
            s = gram[i * n] * gram[j]
            for k in range(1, n):
                s += gram[i * n + k] * gram[k * n + j]
            row[j] = b * gram[i * n + j] + c * s
        for j in range(m):
            s = row[0] * y[j]
            for k in range(1, n):
                s += row[k] * y[k * m + j]
            out[i * m + j] = a * y[i * m + j] + s
    return out


def newton_schulz(g: Vector, rows: int, quintic: int, cubic: int) -> Any:
    """Steps of Newton-Schulz from G/|G|_F, quintic ones, then cubic ones (3Y - YYᵀY)/2; flattened like G.

    Y has the smaller side of G as its rows. Singular values go through the polynomials, singular vectors stay. The
    cubic converges to 1 from (0, √3).
    """
    cols = g.size // rows
    n, m = min(rows, cols), max(rows, cols)
    down, right = (1, cols) if rows > cols else (cols, 1)  # strides of Y in G
    size = norm(g)
    y, out = np.empty(n * m), np.empty(n * m)
    for i in range(n):
        for j in range(m):
            y[i * m + j] = g[i * down + j * right] / where(size > 0.0, size, 1.0)
    for k in range(quintic + cubic):
        early = k < quintic
        y = polynomial(y, n, m, where(early, A, 1.5), where(early, B, -0.5), where(early, C, 0.0))
    for i in range(n):
        for j in range(m):
            out[i * down + j * right] = y[i * m + j]
    return out


def by_products(g: Vector, rows: int, quintic: int, cubic: int) -> Any:
    """The same by products of matrices, for networks, whose matrices are large and whose pages are not compiled."""
    wide = g.reshape(rows, len(g) // rows)
    y = wide.T if rows * rows > len(g) else wide
    size = norm(g)
    y = y / where(size > 0.0, size, 1.0)
    for k in range(quintic + cubic):
        gram, (a, b, c) = y @ y.T, ((A, B, C) if k < quintic else (1.5, -0.5, 0.0))
        y = a * y + (b * gram + c * (gram @ gram)) @ y
    return (y.T if rows * rows > len(g) else y).reshape(-1)


def ahead(m: Any, g: Vector) -> Any:
    """The momentum, or at 0 the gradient, to which it goes: a direction for a flow that begins at m = 0."""
    return where(norm(m) > 0.0, m, g)


def stretch(x: Vector, rows: int) -> Any:
    """√max(1, r/c), so that the steps of tall matrices change outputs as much as those of square ones."""
    return np.sqrt(max(1.0, rows * rows / len(x)))


@method(
    order=1,
    parts=("x", "m"),
    family="normalised",
    limited=True,
    lanes=False,
    objective="matrix-quadratic:rows=2,cols=3",
    at={  # the target is outside of what the decay allows, so that the gradient does not vanish
        "lr": 0.025, "beta": 0.95, "weight_decay": 1.0,
        "objective": "matrix-quadratic:rows=2,cols=3,scale=10", "noise": "gaussian:0.05",
    },
)  # fmt: skip
class Muon(NamedTuple):
    """Momentum orthogonalised by Newton-Schulz, as KellerJordan/Muon, and torch.optim.Muon in double precision.

    Discrete
        M' = β M + (1 - β) (∇f(X) + ξ),  X' = (1 - ηλ) X - η √max(1, r/c) O(β M' + (1 - β) (∇f(X) + ξ))
    SDE
        dX = -[λX + √max(1, r/c) O(M)] dt,  dM = κ (∇f - M) dt + κ √η Σ^{1/2} dW,  κ = (1 - β)/η, default "order1"
    Regime
        1 - β ~ η → 0, t = kη fixed
    Claim
        weak order 1 from a momentum that is not 0
    Sources
        Jordan et al. (2024); Liu et al., arXiv:2502.16982; SDE moment-matched by us

    Parameters
    ----------
    lr : float
        Learning rate η > 0, the spectral norm of a step up to the factors; also the time of one step.
    beta : float
        Momentum β in [0, 1); default 0.95.
    weight_decay : float
        Decoupled decay λ >= 0; default 0.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.MatrixQuadratic([[0.0, -1.0], [1.0, 0.0]])).oracle  # gradient at 0: ((0, 1), (-1, 0))
    >>> x, m = so.Muon(lr=0.1).step(0, (np.zeros(4), np.zeros(4)), o, ())
    >>> x.round(4).reshape(2, 2) + 0.0  # O takes the singular values 1/√2 to 1.108
    array([[ 0.    , -0.1108],
           [ 0.1108,  0.    ]])
    """

    lr: Positive
    beta: Decay = 0.95
    weight_decay: NonNegative = 0.0

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, beta=1.0 - (1.0 - self.beta) * lr / self.lr)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x

    def warm(self, x: Vector, o: Oracle) -> Any:
        return x, grad(o, x)

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, m = y
        rows = matrix_rows(o)
        g = noisy_grad(o, x, z)
        m1 = self.beta * m + (1.0 - self.beta) * g
        move = newton_schulz(self.beta * m1 + (1.0 - self.beta) * g, rows, 5, 0)
        return (1.0 - self.lr * self.weight_decay) * x - self.lr * stretch(x, rows) * move, m1

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, m = y
        rows = matrix_rows(o)
        g = grad(o, x)
        move = stretch(x, rows) * newton_schulz(ahead(m, g), rows, 5, 0)
        return -self.weight_decay * x - move, (1.0 - self.beta) / self.lr * (g - m)

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, m = y
        return filled(0.0, x), (1.0 - self.beta) / np.sqrt(self.lr) * root_cov(o, x, dw)
