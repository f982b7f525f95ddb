"""SHGD with two samples: Hamiltonian descent along the average of two independent estimates.

Discrete
    z' = z - η/2 Jᵀ (F + ξ¹ + F + ξ²)        z = (x, y),  F = (∇_x f, -∇_y f),  J = ∇F(z),  Cov ξⁱ = Σ(z)

    -∇(½ γ¹·γ²) of two samples γⁱ = F + ξⁱ that share the Jacobian J, which is seen without noise. ξ is the noise of F.

SDE
    order1   dZ = -Jᵀ F dt - √(η/2) Jᵀ Σ^{1/2} dW

    One step is η units of time. The covariance is half of that of `SHGD`.

Regime
    η → 0, t = kη fixed, the law of ξ fixed.

Claim
    Weak order 1 in η. On f = a x²/2 + λxy - a y²/2 with noise variance s² the level m = E|z|²/2 decays at the rate
    2(a² + λ²) to ηs²/4, whatever the game.

Heavy tails
    Refused: noise of infinite variance has no covariance Σ, and order1 is driven by it. The discrete column runs.

Sources
    Loizou et al. (2020), arXiv:2007.04202, whose estimator takes two samples to be free of bias under sampled
    Jacobians. order1: the form of Compagnoni et al. (2024), arXiv:2402.12508; the factor is derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Oracle, Positive, Vector, grad, method, noisy_grad, root_cov, vjp

__all__ = ["SHGD2"]


@method(
    order=1,
    family="minimax",
    samples=2,
    brownian=("gradient", "gradient2"),
    objective="quadratic-game:a=0.5,coupling=1,b=1",
)
class SHGD2(NamedTuple):
    """Stochastic Hamiltonian gradient descent, two samples.

    Discrete
        z' = z - η/2 Jᵀ (F + ξ¹ + F + ξ²)
    SDE
        dZ = -Jᵀ F dt - √(η/2) Jᵀ Σ^{1/2} dW, default "order1"
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
    >>> o = so.Problem(so.BilinearGame(2.0), so.Gaussian(1.0)).oracle
    >>> draws = (np.array([2.0, 0.0]),), (np.array([0.0, 0.0]),)  # on average ξ = (1, 0), Jᵀ ξ = (0, 2)
    >>> so.SHGD2(lr=0.1).step(0, np.array([1.0, 3.0]), o, draws)
    array([0.6, 1.6])
    """

    lr: Positive

    def step(self, k: int, z: Draws, o: Oracle, draws: Any) -> Any:
        first, second = draws
        return z - 0.5 * self.lr * vjp(o, z, noisy_grad(o, z, first) + noisy_grad(o, z, second))

    def drift(self, t: float, z: Draws, o: Oracle) -> Any:
        return -vjp(o, z, grad(o, z))

    def diffusion(self, t: float, z: Draws, o: Oracle, dw: Vector) -> Any:
        first, second = dw  # their half sum has the variance 1/2
        return -0.5 * np.sqrt(self.lr) * vjp(o, z, root_cov(o, z, first) + root_cov(o, z, second))

    def linear(self, J: Any, Sigma: Any, own: Any) -> Any:
        return J.T @ J, 0.5 * self.lr * J.T @ Sigma @ J
