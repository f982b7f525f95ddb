"""DSGD: distributed SGD, the step against the mean of what N agents see.

Discrete
    x' = x - (η/N) Σ_i (∇f_i(x) + ξ_i),    f = (1/N) Σ f_i,  E ξ_i = 0,  Cov ξ_i = Σ_i(x), independent

SDE
    order1   dX = -∇f dt - √(η/N) Σ̂^{1/2} dW,    Σ̂ = (1/N) Σ_i Σ_i

    One step is η units of time. This is SGD with the noise of the mean, Cov = Σ̂/N: N agents are a batch of N. How the
    gradients ∇f_i differ does not matter, since their mean is ∇f.

Regime
    η → 0, t = kη fixed, N and the laws of the ξ_i fixed.

Claim
    Weak order 1 in η. For normal ξ_i the optimizer is the Euler-Maruyama step of the SDE. Stationary on f = h x²/2 with
    Σ_i = s_i²: Var X = η mean(s_i²)/(2hN), while the discrete x has that divided by 1 - ηh/2.

Heavy tails
    Refused where one ξ_i has no variance: the mean over agents has none then, however light the other tails. The
    discrete column runs.

Sources
    Monzio Compagnoni, Islamov, Proske & Lucchi (2025), arXiv:2502.17009.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Oracle, Positive, Vector, grad, method, noisy_grad, root_cov

__all__ = ["DSGD"]


@method(order=1, family="distributed", noise="agents:2,gaussian:0.5")
class DSGD(NamedTuple):
    """Distributed SGD.

    Discrete
        x' = x - (η/N) Σ_i (∇f_i(x) + ξ_i)
    SDE
        dX = -∇f dt - √(η/N) Σ̂^{1/2} dW,  Σ̂ = (1/N) Σ_i Σ_i, default "order1"
    Regime
        η → 0, t = kη fixed
    Claim
        weak order 1
    Sources
        Monzio Compagnoni et al., arXiv:2502.17009

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> law = so.Agents(so.Gaussian(1.0), agents=2, shifts=[[1.0, 0.0], [-1.0, 0.0]])
    >>> o = so.Problem(so.Quadratic([1.0, 2.0]), law).oracle
    >>> z = (np.array([2.0, 0.0, 0.0, 0.0]),)  # the agents see (1, -2) + (1, 0) + (2, 0) and (1, -2) - (1, 0)
    >>> so.DSGD(lr=0.1).step(0, np.array([1.0, -1.0]), o, z)
    array([ 0.8, -0.8])
    """

    lr: Positive

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        return x - self.lr * noisy_grad(o, x, z)

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -grad(o, x)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * root_cov(o, x, dw)

    def linear(self, H: Any, Sigma: Any) -> Any:
        return H, self.lr * Sigma
