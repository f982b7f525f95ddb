"""Smoothed GDA with independent samples: as `SmoothedGDA`, but the maximising player draws a sample of its own.

Discrete
    x' = x - η [F_x(x, y) + ξ¹_x + p (x - w)],   y' = y - rη (F_y(x', y) + ξ²_y),   w' = w + β (x' - w),   w₀ = x₀

    F = (∇_x f, -∇_y f); ξ¹ and ξ² are independent samples of its noise, Cov ξⁱ = Σ(z). The part w of the state averages
    y as well, but nothing reads that half of it.

SDE
    order1   dZ = -R [F + p P_x (Z - W)] dt - √η R (P_x Σ^{1/2} dW¹ + P_y Σ^{1/2} dW²)
             dW = b (Z - W) dt                                     Z = (X, Y),  R = diag(1 for x, r for y),  b = β/η

    One step is η units of time. P_x and P_y keep the coordinates of x and of y.

Regime
    η → 0 with b = β/η, p, r and t = kη fixed. Any Σ(z).

Claim
    Weak order 1 in η. Linear where F is, so that mean and covariance are exact on quadratic games.

Heavy tails
    Refused: noise of infinite variance has no covariance Σ, and order1 is driven by it. The discrete column runs.

Sources
    Zhang, Xiao, Sun & Luo (2020), arXiv:2010.15768, without noise; with a sample for each player Yang, Orvieto, Lucchi
    & He (2022), arXiv:2112.05604, recalled: that they draw two could not be seen. The SDE is moment-matched by us.
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
    Vector,
    filled,
    grad,
    method,
    noisy_grad,
    players,
    root_cov,
)
from sdeopt.optimizers.sgda import rates

__all__ = ["SmoothedGDAIndependent"]


@method(
    order=1,
    family="minimax",
    samples=2,
    brownian=("gradient", "gradient2"),
    parts=("x", "w"),
    objective="quadratic-game:a=0.5,coupling=1,b=1",
)
class SmoothedGDAIndependent(NamedTuple):
    """Smoothed (alternating) stochastic gradient descent ascent, a sample for each player.

    Discrete
        x' = x - η [F_x(x, y) + ξ¹_x + p (x - w)],  y' = y - rη (F_y(x', y) + ξ²_y),  w' = w + β (x' - w)
    SDE
        dZ = -R [F + p P_x (Z - W)] dt - √η R (P_x Σ^{1/2} dW¹ + P_y Σ^{1/2} dW²),  dW = (β/η) (Z - W) dt, default
        "order1"
    Regime
        η → 0 with β/η fixed, t = kη
    Claim
        weak order 1
    Sources
        Yang et al., arXiv:2112.05604; Zhang et al., arXiv:2010.15768

    Parameters
    ----------
    lr : float
        Learning rate η > 0 of the minimising player; also the time of one step.
    ratio : float
        r > 0, the learning rate of the maximising player in units of η; default 1.
    pull : float
        p >= 0, the stiffness of the pull of x to its average; default 1.
    follow : float
        β in (0, 1], the share of the way that the average goes to x in a step; default 0.1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.BilinearGame(2.0), so.Gaussian(1.0)).oracle
    >>> method = so.SmoothedGDAIndependent(lr=0.1, pull=2.0, follow=0.5)
    >>> draws = (np.array([1.0, 9.0]),), (np.array([9.0, 1.0]),)  # x sees the first, y the second
    >>> z, w = method.step(0, (np.array([1.0, 3.0]), np.array([0.5, 3.0])), o, draws)
    >>> z.round(12), w.round(12)  # x' = 1 - 0.1 (6 + 1 + 2 * 0.5), y' = 3 + 0.2 x' - 0.1
    (array([0.2 , 2.94]), array([0.35, 2.97]))
    """

    lr: Positive
    ratio: Positive = 1.0
    pull: NonNegative = 1.0
    follow: Annotated[float, Bounds(low=0.0, high=1.0, open_low=True)] = 0.1

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, follow=self.follow * lr / self.lr)

    def init(self, z: Draws, o: Oracle) -> Any:
        return z, 1.0 * z

    def step(self, k: int, state: Any, o: Oracle, draws: Any) -> Any:
        (z, w), (first, second) = state, draws
        own = players(o, z)
        half = z - self.lr * own * (noisy_grad(o, z, first) + self.pull * (z - w))
        z1 = half - self.lr * self.ratio * (1.0 - own) * noisy_grad(o, half, second)
        return z1, w + self.follow * (z1 - w)

    def drift(self, t: float, state: Any, o: Oracle) -> Any:
        z, w = state
        own = players(o, z)
        force = grad(o, z) + self.pull * own * (z - w)
        return -rates(own, self.ratio) * force, self.follow / self.lr * (z - w)

    def diffusion(self, t: float, state: Any, o: Oracle, dw: Vector) -> Any:
        (z, w), (first, second) = state, dw
        own = players(o, z)
        both = own * root_cov(o, z, first) + (1.0 - own) * root_cov(o, z, second)
        return -np.sqrt(self.lr) * rates(own, self.ratio) * both, filled(0.0, w)

    def linear(self, J: Any, Sigma: Any, own: Any) -> Any:
        R, P, one = np.diag(rates(own, self.ratio)), np.diag(own), np.eye(len(J))
        b, alone = self.follow / self.lr, P @ Sigma @ P + (one - P) @ Sigma @ (one - P)
        A = np.block([[R @ J + self.pull * P, -self.pull * P], [-b * one, b * one]])
        return A, np.block([[self.lr * R @ alone @ R, 0.0 * one], [0.0 * one, 0.0 * one]])
