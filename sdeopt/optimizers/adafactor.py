"""Adafactor: second moments of a matrix by the means of its rows and columns; steps in units of the weights.

Discrete
    r' = (1 - τₖ) r + τₖ rows(γ²),   c' = (1 - τₖ) c + τₖ columns(γ²),   τₖ = (k + 1)^{-d}          γ = ∇f(x) + ξ
    V_ij = r_i' c_j'/max(mean(r'), ε₁),   U = γ/√max(V, ε₁²),   U ← U/max(1, rms(U)/C)
    x' = (1 - ηλ) x - max(ε₂, rms(x)) min(η, 1/√(k + 1)) U                                       r₀ = c₀ = 0

    rows and columns are means, rms(U) = |U|_F/√(number of entries). As torch.optim.Adafactor, in double precision: x is
    an r by c matrix, no momentum. Of a vector, as of biases, the second moment has nothing to be factored.

SDE
    sampled   dY = E[Δ]/η dt + (Cov Δ/η)^{1/2} dW for Y = (X, R, C), Δ the step itself by fresh draws

    One step is η units of time. The window of the means is kᵈ steps, that is tᵈ η^{1-d} units of time: it closes as
    η → 0, though slowly at d = 0.8, so that no SDE with R and C has a limit. In that limit R and C are the means of
    g² + diag Σ at X, and what is left is X alone. At one η the sampled SDE has the moments of a step of all three.

Regime
    η → 0, t = kη fixed, away from t = 0; C, d and the law of ξ fixed. min(η, ·) is η before t = 1/η.

Claim
    Weak order 1 in η, measured: at t = 2 on a quadratic of a 2 by 3 matrix, σ = 0.3, d = 0.8, from entries of size 1,
    the gap of a mean falls from η = 0.1 to 0.05 with the slope 1.24 ± 0.04 (from 0.2 to 0.1 with 0.84) and that of a
    variance with 1.87 ± 0.15, too few paths to call the latter 2. Windows change with η, so that these are no clean
    powers. Of noise that is the same in all entries V is right; where Σ has no rank-one diagonal U is not normalised
    entry by entry, and Adam is not what Adafactor approximates.

Heavy tails
    Refused where ξ has no variance: E γ² does not exist. The discrete column runs, and rms(U) <= C bounds its steps.

Sources
    Shazeer & Stern (2018), arXiv:1804.04235, recalled, not read here; the step is that of PyTorch's Adafactor, to
    round-off. The SDE is that of every method, see "sampled".
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Bounds,
    Draws,
    NonNegative,
    Oracle,
    Positive,
    State,
    Vector,
    matrix_rows,
    method,
    noisy_grad,
    norm,
    power,
)

__all__ = ["Adafactor"]


def means(g: Vector, rows: int) -> Any:
    """Means of the squares in each row and in each column of a matrix flattened row by row."""
    cols = g.size // rows
    r, c = np.zeros(rows), np.zeros(cols)
    for i in range(rows):
        for j in range(cols):
            square = g[i * cols + j] * g[i * cols + j]
            r[i] += square / cols
            c[j] += square / rows
    return r, c


def divided(g: Vector, r: Vector, c: Vector, eps1: float) -> Any:
    """γ/√V, V the product of r and c over the mean of r."""
    mean = 0.0
    for i in range(r.size):
        mean += r[i] / r.size
    out = np.empty(g.size)
    for i in range(r.size):
        for j in range(c.size):
            v = r[i] * c[j] / max(mean, eps1)
            out[i * c.size + j] = g[i * c.size + j] / np.sqrt(max(v, eps1 * eps1))
    return out


@method(
    order=1, parts=("x", "r", "c"), family="adaptive", limited=True, lanes=False,
    objective="matrix-quadratic:rows=2,cols=3",
    at={"lr": 0.015, "eps2": 1.0, "objective": "matrix-quadratic:rows=2,cols=3,scale=10"},  # x begins at 0
)  # fmt: skip
class Adafactor(NamedTuple):
    """Adafactor on a matrix, as torch.optim.Adafactor.

    Discrete
        r, c running means of the rows and columns of γ² with weight (k + 1)^{-d},  V = r cᵀ/mean(r),  U = γ/√V,
        x' = (1 - ηλ) x - max(ε₂, rms(x)) min(η, 1/√(k + 1)) U/max(1, rms(U)/C),  γ = ∇f(x) + ξ
    SDE
        "sampled": the moments of the step of (x, r, c)
    Regime
        η → 0, t = kη fixed, away from t = 0
    Claim
        weak order 1, measured
    Sources
        Shazeer & Stern, arXiv:1804.04235, recalled; torch.optim.Adafactor

    Parameters
    ----------
    lr : float
        Learning rate η > 0, relative to the size of x; also the time of one step.
    decay : float
        d in [0, 1], the weight of the newest squares being (k + 1)^{-d}; default 0.8 (``-beta2_decay`` in PyTorch).
    clip : float
        C >= 1, the size of U in the root of its mean square; default 1 (``d`` in PyTorch).
    eps1 : float
        ε₁ > 0, below which nothing is divided by; default 2.2e-16, the spacing of doubles.
    eps2 : float
        ε₂ >= 0, the least size of x; default 1e-3.
    weight_decay : float
        Decoupled decay λ >= 0; default 0.

    Examples
    --------
    The first gradient of equal entries becomes the matrix of ones, and steps are in units of rms(x):

    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.MatrixQuadratic([[0.0, 0.0], [0.0, 0.0]])).oracle
    >>> page = so.Adafactor(lr=0.1)
    >>> x, r, c = page.step(0, page.init(np.full(4, 2.0), o), o, ())
    >>> x, r, c
    (array([1.8, 1.8, 1.8, 1.8]), array([4., 4.]), array([4., 4.]))
    """

    lr: Positive
    decay: Annotated[float, Bounds(low=0.0, high=1.0)] = 0.8
    clip: Annotated[float, Bounds(low=1.0)] = 1.0
    eps1: Positive = 2.220446049250313e-16
    eps2: NonNegative = 1e-3
    weight_decay: NonNegative = 0.0

    def init(self, x: Vector, o: Oracle) -> Any:
        rows = matrix_rows(o)
        return x, np.zeros(rows), np.zeros(x.size // rows)

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, r, c = y
        g = noisy_grad(o, x, z)
        new = power(k + 1.0, -self.decay)
        by_rows, by_columns = means(g, matrix_rows(o))
        r1, c1 = r + new * (by_rows - r), c + new * (by_columns - c)
        u = divided(g, r1, c1, self.eps1)
        root = np.sqrt(1.0 * x.size)
        rate = max(self.eps2, norm(x) / root) * min(self.lr, 1.0 / np.sqrt(k + 1.0))
        move = rate / max(1.0, norm(u) / root / self.clip) * u
        return (1.0 - self.lr * self.weight_decay) * x - move, r1, c1

    def domain(self, y: State) -> Any:
        x, r, c = y
        return x, np.maximum(r, 0.0), np.maximum(c, 0.0)
