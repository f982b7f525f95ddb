"""AltGDA with independent samples: alternating descent ascent whose second player draws a sample of its own.

Discrete
    x' = x - η (F_x(x, y) + ξ¹_x),   y' = y - rη (F_y(x', y) + ξ²_y)             F = (∇_x f, -∇_y f),  Cov ξⁱ = Σ(z)

    ξ¹ and ξ² are independent samples of the noise of F.

SDE
    order1   dZ = -R F dt - √η R (P_x Σ^{1/2} dW¹ + P_y Σ^{1/2} dW²)             Z = (X, Y),  R = diag(1 for x, r for y)
    order2   dZ = -R [F + η/2 J R F - η P_y J P_x F] dt + the noise of order1                    J = ∇F(Z)

    One step is η units of time. P_x and P_y keep the coordinates of x and of y. The noise of the players is
    independent, where `AltGDA` has the covariance Σ_xy between them; where Σ has no such block both are one.

Regime
    η → 0, t = kη and r fixed. Any Σ(z), order2 too: the second sample is independent of x', so that the Jacobians of
    the samples, of minibatches say, add nothing to the drift.

Claim
    Weak order 1 and 2 in η.

Heavy tails
    Refused: noise of infinite variance has no covariance Σ, and order1 is driven by it. The discrete column runs.

Sources
    Alternating play with a sample for each player: Yang, Orvieto, Lucchi & He (2022), arXiv:2112.05604, recalled; that
    they draw two could not be seen. The alternation: Bailey, Gidel & Piliouras (2020), arXiv:1907.04392. Both SDEs are
    moment-matched by us, as those of `AltGDA`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Oracle, Positive, Vector, grad, hvp, method, noisy_grad, players, rival, root_cov
from sdeopt.optimizers.sgda import rates

__all__ = ["AltGDAIndependent", "AltGDAIndependentOrder2"]


@method(
    order=1,
    family="minimax",
    samples=2,
    brownian=("gradient", "gradient2"),
    objective="quadratic-game:a=0.5,coupling=1,b=1",
)
class AltGDAIndependent(NamedTuple):
    """Alternating stochastic gradient descent ascent, a sample for each player.

    Discrete
        x' = x - η (F_x(x, y) + ξ¹_x),  y' = y - rη (F_y(x', y) + ξ²_y)
    SDE
        dZ = -R F dt - √η R (P_x Σ^{1/2} dW¹ + P_y Σ^{1/2} dW²), default "order1"; rival "order2"
    Regime
        η → 0, t = kη and r fixed
    Claim
        weak order 1
    Sources
        Yang et al., arXiv:2112.05604; Bailey, Gidel & Piliouras, arXiv:1907.04392

    Parameters
    ----------
    lr : float
        Learning rate η > 0 of the minimising player; also the time of one step.
    ratio : float
        r > 0, the learning rate of the maximising player in units of η; default 1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.BilinearGame(2.0), so.Gaussian(1.0)).oracle
    >>> draws = (np.array([1.0, 9.0]),), (np.array([9.0, 1.0]),)  # x sees the first, y the second
    >>> so.AltGDAIndependent(lr=0.1).step(0, np.array([1.0, 3.0]), o, draws).round(12)  # 1 - 0.7, 3 + 0.2 x' - 0.1
    array([0.3 , 2.96])
    """

    lr: Positive
    ratio: Positive = 1.0

    def step(self, k: int, z: Draws, o: Oracle, draws: Any) -> Any:
        first, second = draws
        own = players(o, z)
        half = z - self.lr * own * noisy_grad(o, z, first)
        return half - self.lr * self.ratio * (1.0 - own) * noisy_grad(o, half, second)

    def drift(self, t: float, z: Draws, o: Oracle) -> Any:
        return -rates(players(o, z), self.ratio) * grad(o, z)

    def diffusion(self, t: float, z: Draws, o: Oracle, dw: Vector) -> Any:
        first, second = dw
        own = players(o, z)
        both = own * root_cov(o, z, first) + (1.0 - own) * root_cov(o, z, second)
        return -np.sqrt(self.lr) * rates(own, self.ratio) * both

    def linear(self, J: Any, Sigma: Any, own: Any) -> Any:
        R, P = np.diag(rates(own, self.ratio)), np.diag(own)
        rest = np.eye(len(J)) - P
        return R @ J, self.lr * R @ (P @ Sigma @ P + rest @ Sigma @ rest) @ R


# the functions of the page
own_diffusion: Any = AltGDAIndependent.diffusion
own_linear: Any = AltGDAIndependent.linear


@rival(AltGDAIndependent, "order2", order=2, brownian=("gradient", "gradient2"))
class AltGDAIndependentOrder2:
    """dZ = -R [F + η/2 J R F - η P_y J P_x F] dt + the noise of order1: weak order 2 for smooth f and any Σ(z).

    Source: derived here by the recipe of Li, Tai & E, arXiv:1811.01558.
    """

    def drift(self: Any, t: float, z: Draws, o: Oracle) -> Any:
        own = players(o, z)
        R = rates(own, self.ratio)
        g = grad(o, z)
        seen = (1.0 - own) * hvp(o, z, own * g)
        return -R * (g + self.lr * (0.5 * hvp(o, z, R * g) - seen))

    def diffusion(self: Any, t: float, z: Draws, o: Oracle, dw: Vector) -> Any:
        return own_diffusion(self, t, z, o, dw)

    def linear(self: Any, J: Any, Sigma: Any, own: Any) -> Any:
        A, D = own_linear(self, J, Sigma, own)
        seen = np.diag(1.0 - own) @ A @ np.diag(own) @ J
        return A + self.lr * (0.5 * A @ A - seen), D
