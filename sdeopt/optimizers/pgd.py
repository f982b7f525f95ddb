"""PGD: perturbed gradient descent, fresh normal noise added to every step.

Discrete
    x' = x - η (g + ξ) + σ̂ √η w,    w ~ N(0, I)                            g = ∇f(x),  E ξ = 0,  Cov ξ = Σ(x)

SDE
    order1   dX = -g dt - √η Σ^{1/2} dW + σ̂ dW'                                      W, W' independent

    One step is η units of time. The injected standard deviation is σ̂ √η, not a constant: only so does the noise of a
    unit of time stay the same as η → 0, and the SDE exist. With σ = σ̂ √η fixed instead it would be infinite there.

Regime
    η → 0, t = kη fixed, σ̂ and the law of ξ fixed: the diffusion does not vanish with η.

Claim
    Weak order 1 in η; without ξ the step is the Euler-Maruyama step of the SDE. Stationary on f = h x²/2: Var X =
    (σ̂² + η s²)/(2h), while the discrete x has (σ̂² + η s²)/(h (2 - ηh)). Gradient flow with this noise samples
    exp(-2f/σ̂²): it finds wide valleys by their volume, not by their curvature along a path.

Heavy tails
    Refused where ξ has no variance: Σ does not exist, and the injected noise does not replace it. The discrete column
    runs.

Sources
    Anti-PGD and PGD: Orvieto et al. (2022), arXiv:2202.02831. Perturbations that escape saddles: Jin et al. (2017),
    arXiv:1703.00887. The scaling of σ̂ is that of the Langevin equation.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Law, NonNegative, Objective, Oracle, Positive, Vector, grad, method, noisy_grad, root_cov

__all__ = ["PGD"]


@method(order=1, brownian=("gradient", "own"), family="injection", lasting=True)
class PGD(NamedTuple):
    """Perturbed gradient descent.

    Discrete
        x' = x - η (∇f(x) + ξ) + σ̂ √η w,  w ~ N(0, I)
    SDE
        dX = -∇f dt - √η Σ^{1/2} dW + σ̂ dW', default "order1"
    Regime
        η → 0, t = kη and σ̂ fixed
    Claim
        weak order 1; stationary variance σ̂²/(2h), discrete σ̂²/(h (2 - ηh))
    Sources
        Orvieto et al., arXiv:2202.02831; Jin et al., arXiv:1703.00887

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    sigma : float
        σ̂ >= 0, standard deviation of the injected noise per root of time; a step gets σ̂ √η. Default 0.5.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> so.PGD(lr=0.25, sigma=0.4).step(0, np.array([1.0, -1.0]), o, ((), (np.array([1.0, -2.0]),)))
    array([ 0.95, -0.9 ])
    """

    lr: Positive
    sigma: NonNegative = 0.5

    def own(self, objective: Objective, noise: Law) -> Any:
        return (("normal", objective.dim),)

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        seen, (w,) = z
        return x - self.lr * noisy_grad(o, x, seen) + self.sigma * np.sqrt(self.lr) * w

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -grad(o, x)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return self.sigma * dw[1] - np.sqrt(self.lr) * root_cov(o, x, dw[0])

    def linear(self, H: Any, Sigma: Any) -> Any:
        return H, self.lr * Sigma + self.sigma * self.sigma * np.eye(len(H))
