"""Smoothed GDA: alternating descent ascent whose minimising player is pulled to a slow average of its positions.

Discrete
    x' = x - η [F_x(x, y) + ξ_x + p (x - w)],   y' = y - rη (F_y(x', y) + ξ_y),   w' = w + β (x' - w),   w₀ = x₀

    F = (∇_x f, -∇_y f), ξ the noise of F, Cov ξ = Σ, the same sample in both halves of a step; `SmoothedGDAIndependent`
    draws two. p/2 |x - w|² makes f convex in x where p exceeds its negative curvature. The part w of the state averages
    y as well, but nothing reads that half of it.

SDE
    order1   dZ = -R [F + p P_x (Z - W)] dt - √η R Σ^{1/2} dW_t                  Z = (X, Y),  R = diag(1 for x, r for y)
             dW = b (Z - W) dt                                                                    b = β/η

    One step is η units of time. P_x keeps the coordinates of x.

Regime
    η → 0 with b = β/η, p, r and t = kη fixed.

Claim
    Weak order 1 in η. Linear where F is, so that mean and covariance are exact on quadratic games.

Heavy tails
    Refused: noise of infinite variance has no covariance Σ, and order1 is driven by it. The discrete column runs.

Sources
    Zhang, Xiao, Sun & Luo (2020), arXiv:2010.15768, without noise; with it Yang, Orvieto, Lucchi & He (2022),
    arXiv:2112.05604. The SDE is moment-matched by us: drift and covariance of a step to leading order in η.
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

__all__ = ["SmoothedGDA"]


@method(order=1, family="minimax", parts=("x", "w"), objective="quadratic-game:a=0.5,coupling=1,b=1")
class SmoothedGDA(NamedTuple):
    """Smoothed (alternating) stochastic gradient descent ascent.

    Discrete
        x' = x - η [F_x(x, y) + ξ_x + p (x - w)],  y' = y - rη (F_y(x', y) + ξ_y),  w' = w + β (x' - w)
    SDE
        dZ = -R [F + p P_x (Z - W)] dt - √η R Σ^{1/2} dW_t,  dW = (β/η) (Z - W) dt, default "order1"
    Regime
        η → 0 with β/η fixed, t = kη
    Claim
        weak order 1
    Sources
        Zhang et al., arXiv:2010.15768; Yang et al., arXiv:2112.05604

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
    >>> o = so.Problem(so.BilinearGame(2.0)).oracle
    >>> method = so.SmoothedGDA(lr=0.1, pull=2.0, follow=0.5)
    >>> z, w = method.step(0, (np.array([1.0, 3.0]), np.array([0.5, 3.0])), o, ())
    >>> z.round(12), w.round(12)  # x' = 1 - 0.1 (6 + 2 * 0.5), y' = 3 + 0.2 x'
    (array([0.3 , 3.06]), array([0.4 , 3.03]))
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
        z, w = state
        own = players(o, z)
        half = z - self.lr * own * (noisy_grad(o, z, draws) + self.pull * (z - w))
        z1 = half - self.lr * self.ratio * (1.0 - own) * noisy_grad(o, half, draws)
        return z1, w + self.follow * (z1 - w)

    def drift(self, t: float, state: Any, o: Oracle) -> Any:
        z, w = state
        own = players(o, z)
        force = grad(o, z) + self.pull * own * (z - w)
        return -rates(own, self.ratio) * force, self.follow / self.lr * (z - w)

    def diffusion(self, t: float, state: Any, o: Oracle, dw: Vector) -> Any:
        z, w = state
        return -np.sqrt(self.lr) * rates(players(o, z), self.ratio) * root_cov(o, z, dw), filled(0.0, w)

    def linear(self, J: Any, Sigma: Any, own: Any) -> Any:
        R, P, one = np.diag(rates(own, self.ratio)), self.pull * np.diag(own), np.eye(len(J))
        b = self.follow / self.lr
        A = np.block([[R @ J + P, -P], [-b * one, b * one]])
        return A, np.block([[self.lr * R @ Sigma @ R, 0.0 * one], [0.0 * one, 0.0 * one]])
