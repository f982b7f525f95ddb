"""Scion on the spectral-norm ball of a matrix: steps of conditional gradient towards an orthogonal matrix.

Discrete
    D' = β D + (1 - β) (G + ξ),    X' = (1 - γ) X - γ s msign(D'),    D₀ = 0                       G = ∇f(X);  γ = η

    X is an r by c matrix. msign(D) = U Vᵀ for the singular value decomposition D = U S Vᵀ with S > 0: -s msign(D) is
    where ⟨D, X⟩ is least on the ball |X|₂ <= s. A network is trained by `Layered`, this on each of its matrices and
    `Scion` or AdamW on the rest.

SDE
    order1   dX = -[X + s msign(D)] dt
             dD = κ (G - D) dt + κ √η Σ^{1/2} dW                                                       κ = (1 - β)/η

    One step is η = γ units of time. Where D = 0, as at the start, msign is that of G, to which D goes.

Regime
    η → 0, 1 - β = κη with κ fixed, t = kη, while D keeps its rank: msign jumps where a singular value passes zero, as a
    sign does.

Claim
    Weak order 1 in η, for the covariance of X too from a D that is not 0 (`certify` with warm=True begins at D = G;
    measured at η = 0.05: 1.03 ± 0.01 and 2.17 ± 0.08). From the cold start D₀ = 0 the direction of the k-th step is
    uncertain by 1/√k, and to first order in the noise the covariances differ by η² log(1/η): slopes of 1.6 at η =
    0.2, 1.8 at 0.006 (κ = 2, t = 0.8). A start at the first gradient seen, D₀ = G + ξ₀, would not mend that: to first
    order in the noise x keeps ((1 - e^{-κt})/κ)² Σ/|G|² of that one draw however small η is, and the SDE would have to
    start at random. Both columns stay in the ball |X|₂ <= s once they are in it. For a matrix of
    one row msign is the direction D/|D|. On the command line's own small problem the target is far outside of the ball,
    so that D keeps its rank.

Heavy tails
    Refused where ξ has no variance: D is driven by Σ^{1/2} dW. The discrete column runs, and its steps are bounded.

Sources
    Scion: Pethick et al. (2025), arXiv:2502.07529, whose ``momentum`` is 1 - β here; the factor √(r/c) of the code's
    Spectral norm belongs into s. The code's five quintic steps give only a rough msign (that is what `Muon` computes);
    here they go on until it is exact. The SDE is moment-matched by us.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Decay,
    Draws,
    Oracle,
    Positive,
    State,
    Vector,
    filled,
    grad,
    matrix_rows,
    method,
    noisy_grad,
    root_cov,
)
from sdeopt.optimizers.muon import ahead, newton_schulz

__all__ = ["ScionSpectral", "msign"]

EXACT = (10, 8)  # steps: quintic, which lift small singular values by 3.4445 each; cubic, which converge to 1


def msign(d: Any, rows: int) -> Any:
    """U Vᵀ of the matrix D = U S Vᵀ with that many rows, flattened row by row; 0 at 0.

    Singular values above 1e-5 of the length of S have converged to 1; what is left is the rounding of D itself.
    """
    return newton_schulz(d, rows, EXACT[0], EXACT[1])


@method(
    order=1,
    parts=("x", "d"),
    family="normalised",
    limited=True,
    lanes=False,
    objective="matrix-quadratic:rows=2,cols=3",
    at={"lr": 0.025, "beta": 0.95, "objective": "matrix-quadratic:rows=2,cols=3,scale=10"},  # off the ball
)
class ScionSpectral(NamedTuple):
    """Stochastic conditional gradient on the ball |X|₂ <= s of matrices, with momentum.

    Discrete
        D' = β D + (1 - β) (∇f(X) + ξ),  X' = (1 - γ) X - γ s msign(D')
    SDE
        dX = -[X + s msign(D)] dt,  dD = κ (∇f - D) dt + κ √η Σ^{1/2} dW,  κ = (1 - β)/η, default "order1"
    Regime
        η = γ → 0, 1 - β ~ η, t = kη fixed, while D keeps its rank
    Claim
        weak order 1; the covariance from a momentum that is not 0
    Sources
        Pethick et al., arXiv:2502.07529; SDE moment-matched by us

    Parameters
    ----------
    lr : float
        Step γ > 0 of the conditional gradient, which also shrinks X; also the time of one step.
    beta : float
        Weight β in [0, 1) of the past in the averaged gradient; default 0.9.
    radius : float
        Radius s > 0 of the ball; default 1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.MatrixQuadratic([[0.0, -2.0], [1.0, 0.0]])).oracle  # gradient at 0: ((0, 2), (-1, 0))
    >>> x, d = so.ScionSpectral(lr=0.1).step(0, (np.zeros(4), np.zeros(4)), o, ())
    >>> x.round(12).reshape(2, 2) + 0.0
    array([[ 0. , -0.1],
           [ 0.1,  0. ]])
    """

    lr: Positive
    beta: Decay = 0.9
    radius: Positive = 1.0

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, beta=1.0 - (1.0 - self.beta) * lr / self.lr)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x

    def warm(self, x: Vector, o: Oracle) -> Any:
        return x, grad(o, x)

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, d = y
        d1 = self.beta * d + (1.0 - self.beta) * noisy_grad(o, x, z)
        return (1.0 - self.lr) * x - self.lr * self.radius * msign(d1, matrix_rows(o)), d1

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, d = y
        g = grad(o, x)
        move = msign(ahead(d, g), matrix_rows(o))
        return -x - self.radius * move, (1.0 - self.beta) / self.lr * (g - d)

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, d = y
        return filled(0.0, x), (1.0 - self.beta) / np.sqrt(self.lr) * root_cov(o, x, dw)
