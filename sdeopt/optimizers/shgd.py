"""SHGD: stochastic Hamiltonian gradient descent, down the slope of the squared length of a game's field.

Discrete
    z' = z - η Jᵀ (F + ξ)        z = (x, y),  F = (∇_x f, -∇_y f),  J = ∇F(z),  Cov ξ = Σ(z)

    Jᵀ F = ∇(|F|²/2): both players descend the Hamiltonian |F|²/2. ξ is the noise of F; J is seen without noise. J is
    not symmetric, and Jᵀ F is not J F: with f_xy no symmetric matrix its transpose matters too. Under a minibatch of a
    finite sum of games too, J is that of the mean.

SDE
    order1   dZ = -Jᵀ F dt - √η Jᵀ Σ^{1/2} dW

    One step is η units of time.

Regime
    η → 0, t = kη fixed, the law of ξ fixed. The paper's samples bring Jacobians of their own (recalled); this is the
    special case without noise in J, which additive noise has.

Claim
    Weak order 1 in η. Every critical point attracts, also bad ones. On f = a x²/2 + λxy - a y²/2 with noise variance s²
    the level m = E|z|²/2 decays at the rate 2(a² + λ²) to ηs²/2, whatever the game.

Heavy tails
    Refused: noise of infinite variance has no covariance Σ, and order1 is driven by it. The discrete column runs.

Sources
    Loizou et al. (2020), arXiv:2007.04202, with the exact Jacobian in the place of a sampled one. order1: Compagnoni et
    al. (2024), arXiv:2402.12508.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Oracle, Positive, Vector, grad, method, noisy_grad, root_cov, vjp

__all__ = ["SHGD"]


@method(order=1, family="minimax", objective="quadratic-game:a=0.5,coupling=1,b=1")
class SHGD(NamedTuple):
    """Stochastic Hamiltonian gradient descent, one sample.

    Discrete
        z' = z - η Jᵀ (F + ξ)
    SDE
        dZ = -Jᵀ F dt - √η Jᵀ Σ^{1/2} dW, default "order1"
    Regime
        η → 0, t = kη fixed
    Claim
        weak order 1
    Sources
        Loizou et al., arXiv:2007.04202; Compagnoni et al., arXiv:2402.12508

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.BilinearGame(2.0)).oracle
    >>> so.SHGD(lr=0.1).step(0, np.array([1.0, 3.0]), o, ())  # Jᵀ F = 4 z
    array([0.6, 1.8])
    """

    lr: Positive

    def step(self, k: int, z: Draws, o: Oracle, draws: Any) -> Any:
        return z - self.lr * vjp(o, z, noisy_grad(o, z, draws))

    def drift(self, t: float, z: Draws, o: Oracle) -> Any:
        return -vjp(o, z, grad(o, z))

    def diffusion(self, t: float, z: Draws, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * vjp(o, z, root_cov(o, z, dw))

    def linear(self, J: Any, Sigma: Any, own: Any) -> Any:
        return J.T @ J, self.lr * J.T @ Sigma @ J
