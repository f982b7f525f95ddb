"""SGDA: simultaneous gradient descent and ascent in a game, min over x, max over y of f(x, y).

Discrete
    z' = z - η R (F + ξ)          z = (x, y),  F = (∇_x f, -∇_y f),  E ξ = 0,  Cov ξ = Σ(z)

    ξ is the noise of F; R = diag(1 for x, r for y) holds the two step sizes η and rη.

SDE
    order1   dZ = -R F dt - √η R Σ^{1/2} dW
    order2   dZ = -R (I + η/2 J R) F dt - √η R Σ^{1/2} dW                                        J = ∇F(Z)

    One step is η units of time.

Regime
    η → 0, t = kη and r fixed, the law of ξ fixed.

Claim
    Weak order 1 and 2 in η. On f = a x²/2 + λxy - a y²/2 with r = 1 and noise variance s², the level m = E|z|²/2 of
    order1 is stationary at ηs²/(2a) and decays at the rate 2a; the discrete one at 2a - η(a² + λ²). On the bilinear
    game, a = 0, order1 circles with m = m₀ + ηs²t, while the steps spiral outwards, m growing at the rate ηλ²; order2
    does so too. `sdeopt.theory.games` has these forms.

Heavy tails
    Refused: noise of infinite variance has no covariance Σ, and order1 is driven by it. The discrete column runs.

Sources
    order1: Compagnoni et al. (2024), arXiv:2402.12508. order2: the second-order drift b - η/2 (∇b) b of Li, Tai & E
    (2019), arXiv:1811.01558, for b = -RF; derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Oracle, Positive, Vector, grad, hvp, method, noisy_grad, players, rival, root_cov

__all__ = ["SGDA", "SGDAOrder2", "rates"]


def rates(own: Any, ratio: Any) -> Any:
    """diag R: 1 where ``own`` is 1, the minimising player's coordinates, and r where it is 0."""
    return ratio + (1.0 - ratio) * own


@method(order=1, family="minimax", objective="quadratic-game:a=0.5,coupling=1,b=1")
class SGDA(NamedTuple):
    """Stochastic gradient descent ascent, both players at once.

    Discrete
        z' = z - η R (F + ξ),  R = diag(1 for x, r for y)
    SDE
        dZ = -R F dt - √η R Σ^{1/2} dW, default "order1"; rival "order2"
    Regime
        η → 0, t = kη and r fixed
    Claim
        weak order 1
    Sources
        Compagnoni et al., arXiv:2402.12508; Li, Tai & E, arXiv:1811.01558

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
    >>> o = so.Problem(so.BilinearGame(2.0)).oracle
    >>> so.SGDA(lr=0.1, ratio=0.5).step(0, np.array([1.0, 3.0]), o, ())  # F = (6, -2)
    array([0.4, 3.1])
    """

    lr: Positive
    ratio: Positive = 1.0

    def step(self, k: int, z: Draws, o: Oracle, draws: Any) -> Any:
        return z - self.lr * rates(players(o, z), self.ratio) * noisy_grad(o, z, draws)

    def drift(self, t: float, z: Draws, o: Oracle) -> Any:
        return -rates(players(o, z), self.ratio) * grad(o, z)

    def diffusion(self, t: float, z: Draws, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * rates(players(o, z), self.ratio) * root_cov(o, z, dw)

    def linear(self, J: Any, Sigma: Any, own: Any) -> Any:
        R = np.diag(rates(own, self.ratio))
        return R @ J, self.lr * R @ Sigma @ R


@rival(SGDA, "order2", order=2)
class SGDAOrder2:
    """dZ = -R (I + η/2 J R) F dt - √η R Σ^{1/2} dW: weak order 2 for smooth f and any Σ(z).

    Source: the recipe of Li, Tai & E, arXiv:1811.01558; derived here.
    """

    def drift(self: Any, t: float, z: Draws, o: Oracle) -> Any:
        R = rates(players(o, z), self.ratio)
        g = grad(o, z)
        return -R * (g + 0.5 * self.lr * hvp(o, z, R * g))

    def diffusion(self: Any, t: float, z: Draws, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * rates(players(o, z), self.ratio) * root_cov(o, z, dw)

    def linear(self: Any, J: Any, Sigma: Any, own: Any) -> Any:
        R = np.diag(rates(own, self.ratio))
        A = R @ J
        return A + 0.5 * self.lr * A @ A, self.lr * R @ Sigma @ R
