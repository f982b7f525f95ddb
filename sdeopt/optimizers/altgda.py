"""AltGDA: alternating gradient descent ascent. The maximising player moves second and sees the other's new position.

Discrete
    x' = x - η (F_x(x, y) + ξ_x),   y' = y - rη (F_y(x', y) + ξ_y)               F = (∇_x f, -∇_y f),  Cov ξ = Σ

    Both halves of a step see the same sample ξ = (ξ_x, ξ_y), the noise of F; `AltGDAIndependent` draws two.

SDE
    order1   dZ = -R F dt - √η R Σ^{1/2} dW                                      Z = (X, Y),  R = diag(1 for x, r for y)
    order2   dZ = -R [F + η/2 J R F - η P_y J P_x F] dt - √η R Σ^{1/2} dW                        J = ∇F(Z)

    One step is η units of time. P_x and P_y keep the coordinates of x and of y. order1 is that of SGDA: which player
    moves first shows in the second order only.

Regime
    η → 0, t = kη and r fixed; order2 wants additive noise, ξ the same at (x, y) and (x', y).

Claim
    Weak order 1 and 2 in η. On f = λxy with r = 1 and no noise a step preserves x² - ηλxy + y² exactly: where the
    simultaneous steps spiral outwards, these circle. The order2 drift there is λ(-Y, X) + ηλ²/2 (X, -Y).

Heavy tails
    Refused: noise of infinite variance has no covariance Σ, and order1 is driven by it. The discrete column runs.

Sources
    Alternating play and its invariant: Bailey, Gidel & Piliouras (2020), arXiv:1907.04392. Both SDEs are
    moment-matched by us, by the expansion of Li, Tai & E (2019), arXiv:1811.01558: for a step of mean
    ηb + η²c the drift of order 2 is b + η (c - (∇b) b/2), here b = -RF and c = R P_y J P_x F.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Draws,
    Oracle,
    Positive,
    Vector,
    grad,
    hvp,
    method,
    noisy_grad,
    players,
    rival,
    root_additive_cov,
)
from sdeopt.optimizers.sgda import SGDA, rates

__all__ = ["AltGDA", "AltGDAOrder2"]

# the functions of SGDA
sgda_drift: Any = SGDA.drift
sgda_diffusion: Any = SGDA.diffusion
sgda_linear: Any = SGDA.linear


@method(order=1, family="minimax", objective="quadratic-game:a=0.5,coupling=1,b=1")
class AltGDA(NamedTuple):
    """Alternating stochastic gradient descent ascent.

    Discrete
        x' = x - η (F_x(x, y) + ξ_x),  y' = y - rη (F_y(x', y) + ξ_y)
    SDE
        dZ = -R F dt - √η R Σ^{1/2} dW, default "order1"; rival "order2"
    Regime
        η → 0, t = kη and r fixed
    Claim
        weak order 1
    Sources
        Bailey, Gidel & Piliouras, arXiv:1907.04392; Li, Tai & E, arXiv:1811.01558

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
    >>> so.AltGDA(lr=0.1).step(0, np.array([1.0, 3.0]), o, ()).round(12)  # x' = 1 - 0.6, then y' = 3 + 0.2 x'
    array([0.4 , 3.08])
    """

    lr: Positive
    ratio: Positive = 1.0

    def step(self, k: int, z: Draws, o: Oracle, draws: Any) -> Any:
        own = players(o, z)
        half = z - self.lr * own * noisy_grad(o, z, draws)
        return half - self.lr * self.ratio * (1.0 - own) * noisy_grad(o, half, draws)

    def drift(self, t: float, z: Draws, o: Oracle) -> Any:
        return sgda_drift(self, t, z, o)

    def diffusion(self, t: float, z: Draws, o: Oracle, dw: Vector) -> Any:
        return sgda_diffusion(self, t, z, o, dw)

    def linear(self, J: Any, Sigma: Any, own: Any) -> Any:
        return sgda_linear(self, J, Sigma, own)


@rival(AltGDA, "order2", order=2)
class AltGDAOrder2:
    """dZ = -R [F + η/2 J R F - η P_y J P_x F] dt - √η R Σ^{1/2} dW: weak order 2 for smooth f.

    Valid for additive noise: a noisy Jacobian would add its covariance with ξ to the drift.

    Source: derived here by the recipe of Li, Tai & E, arXiv:1811.01558.
    """

    def drift(self: Any, t: float, z: Draws, o: Oracle) -> Any:
        own = players(o, z)
        R = rates(own, self.ratio)
        g = grad(o, z)
        seen = (1.0 - own) * hvp(o, z, own * g)
        return -R * (g + self.lr * (0.5 * hvp(o, z, R * g) - seen))

    def diffusion(self: Any, t: float, z: Draws, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * rates(players(o, z), self.ratio) * root_additive_cov(o, z, dw)

    def linear(self: Any, J: Any, Sigma: Any, own: Any) -> Any:
        A, D = sgda_linear(self, J, Sigma, own)
        seen = np.diag(1.0 - own) @ A @ np.diag(own) @ J
        return A + self.lr * (0.5 * A @ A - seen), D
