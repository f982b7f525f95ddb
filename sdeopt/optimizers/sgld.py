"""SGLD: stochastic gradient Langevin dynamics, SGD with normal noise of its own that samples from e^{-f/T}.

Discrete
    x' = x - η (g + ξ) + √(2ηT) ν                        g = ∇f(x),  Cov ξ = Σ(x),  ν ~ N(0, I) drawn by the method

SDE
    order1   dX = -g dt - √η Σ^{1/2} dW + √(2T) dB

    One step is η units of time. The method's own noise has a size that does not fade with η, that of the gradient does.

Regime
    η → 0 with the temperature T and the law of ξ fixed, t = kη fixed. Units: T is measured as f is, and 1/T is the
    inverse temperature β of x' = x - ηγ + √(2η/β) ν. A posterior of n examples is sampled at T = 1 with f = -log
    posterior, a sum over the examples, and at T = 1/n with f the mean over them. The step -(ε/2)∇f + √ε ν, which is
    common too, is η = ε/2 at T = 1.

Claim
    Weak order 1 in η. As η → 0 the stationary density is that of Gibbs, proportional to exp(-f/T); at η > 0 minibatches
    heat it. On f = h x²/2 with noise variance s² the SDE has Var X = (2T + η s²)/(2h), the discrete x has
    (2T + η s²)/(h (2 - ηh)): the gradient's noise counts for a temperature of η s²/2.

Heavy tails
    Refused where ξ has no variance: Σ does not exist. The discrete column runs.

Sources
    Welling & Teh (2011), ICML. In this form, with an inverse temperature: Raginsky, Rakhlin & Telgarsky (2017),
    arXiv:1702.03849. The role of the gradient's noise at a fixed step: Vollmer, Zygalakis & Teh (2016),
    arXiv:1501.00438. Order of the method of Euler: Talay & Tubaro (1990), doi:10.1080/07362999008809220.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Law, NonNegative, Objective, Oracle, Positive, Vector, grad, method, noisy_grad, root_cov

__all__ = ["SGLD"]


@method(order=1, brownian=("gradient", "own"), family="injection", lasting=True)
class SGLD(NamedTuple):
    """Stochastic gradient Langevin dynamics at a fixed learning rate.

    Discrete
        x' = x - η (∇f(x) + ξ) + √(2ηT) ν,  ν ~ N(0, I)
    SDE
        dX = -∇f dt - √η Σ^{1/2} dW + √(2T) dB, default "order1"
    Regime
        η → 0, t = kη fixed, T fixed
    Claim
        weak order 1; stationary variance (2T + η s²)/(2h), that of e^{-f/T} as η → 0
    Sources
        Welling & Teh (2011); Raginsky, Rakhlin & Telgarsky, arXiv:1702.03849

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    temperature : float
        T >= 0, in the units of f; the inverse temperature is 1/T. Default 1; 0 is SGD.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> own = (np.array([2.0, -1.0]),)
    >>> so.SGLD(lr=0.1, temperature=0.2).step(0, np.array([1.0, -1.0]), o, ((), own))  # SGD's (0.9, -0.8) + 0.2 ν
    array([ 1.3, -1. ])
    """

    lr: Positive
    temperature: NonNegative = 1.0

    def own(self, objective: Objective, noise: Law) -> Any:
        return (("normal", objective.dim),)

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        seen, (kick,) = z
        return x - self.lr * noisy_grad(o, x, seen) + np.sqrt(2.0 * self.lr * self.temperature) * kick

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -grad(o, x)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return np.sqrt(2.0 * self.temperature) * dw[1] - np.sqrt(self.lr) * root_cov(o, x, dw[0])

    def linear(self, H: Any, Sigma: Any) -> Any:
        return H, 2.0 * self.temperature * np.eye(len(H)) + self.lr * Sigma
