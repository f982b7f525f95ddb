"""SGHMC: heavy ball with normal noise of its own, such that it samples from e^{-f/T}; underdamped Langevin dynamics.

Discrete
    x' = x + v,   v' = μ v - η γ + √(2(1 - μ)ηT) ν      γ = g + ξ at x',  g = ∇f,  Cov ξ = Σ,  ν ~ N(0, I);  v₀ = 0
    T = 0 is the heavy ball, seen one half of its step later.

SDE
    order1   dX = V/√η dt
             dV = -[(1 - μ) V + ηg]/√η dt - η^{3/4} Σ^{1/2} dW + η^{1/4} √(2(1 - μ)T) dB

    One step is √η units of time. With V̂ = V/√η and the friction μ̂ = (1 - μ)/√η this is underdamped Langevin dynamics,
    dX = V̂ dt, dV̂ = -(μ̂ V̂ + g) dt + √(2μ̂T) dB - η^{1/4} Σ^{1/2} dW: the method's own noise keeps its size, that of the
    gradient fades.

Regime
    1 - μ = μ̂ √η with μ̂, T and the law of ξ fixed, η → 0, t = k√η fixed. Units of T: as in `SGLD`.

Claim
    Weak order 1 in √η, that is 1/2 in η. As η → 0 the stationary density of x is that of Gibbs, proportional to
    exp(-f/T), for every friction. On f = h x²/2 with noise variance s² the SDE has
    Var X = T/h + η s²/(2h(1 - μ)): the gradient's noise counts for a temperature of η s²/(2(1 - μ)). The estimate of
    that noise by which the paper lowers ν is taken as 0, as its experiments do.

Heavy tails
    Refused where ξ has no variance: Σ does not exist. The discrete column runs.

Sources
    Chen, Fox & Guestrin (2014), arXiv:1402.4102, recalled, its text was not read here: their α = 1 - μ. The SDE and the
    variances are derived here, as those of `HeavyBall`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Decay,
    Draws,
    Law,
    NonNegative,
    Objective,
    Oracle,
    Positive,
    State,
    Vector,
    filled,
    grad,
    method,
    noisy_grad,
    root_cov,
)
from sdeopt.optimizers.heavyball import root_lr

__all__ = ["SGHMC"]


@method(
    order=0.5, clock=root_lr, parts=("x", "v"), brownian=("gradient", "own"), family="injection", lasting=True,
    at={"lr": 0.005, "momentum": 0.97},
)  # fmt: skip
class SGHMC(NamedTuple):
    """Stochastic gradient Hamiltonian Monte Carlo at a fixed learning rate.

    Discrete
        x' = x + v,  v' = μ v - η (∇f(x') + ξ) + √(2(1 - μ)ηT) ν,  ν ~ N(0, I)
    SDE
        dX = V/√η dt,  dV = -[(1 - μ) V + η∇f]/√η dt - η^{3/4} Σ^{1/2} dW + η^{1/4} √(2(1 - μ)T) dB, default "order1"
    Regime
        1 - μ ~ √η → 0, t = k√η and T fixed
    Claim
        weak order 1 in √η, 1/2 in η; stationary variance T/h + η s²/(2h(1 - μ))
    Sources
        Chen, Fox & Guestrin, arXiv:1402.4102; derived here

    Parameters
    ----------
    lr : float
        Learning rate η > 0.
    momentum : float
        μ in [0, 1); default 0.9.
    temperature : float
        T >= 0, in the units of f; default 1. 0 is the heavy ball.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> page, own = so.SGHMC(lr=0.1, momentum=0.5, temperature=0.4), (np.array([1.0, -1.0]),)
    >>> x, v = page.step(0, (np.array([1.0, -1.0]), np.array([0.2, 0.5])), o, ((), own))
    >>> x, v  # v = (0.1, 0.25) - 0.1 (1.2, -1) + 0.2 ν
    (array([ 1.2, -0.5]), array([0.18, 0.15]))
    """

    lr: Positive
    momentum: Decay = 0.9
    temperature: NonNegative = 1.0

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, momentum=1.0 - (1.0 - self.momentum) * np.sqrt(lr / self.lr))

    def own(self, objective: Objective, noise: Law) -> Any:
        return (("normal", objective.dim),)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, v = y
        seen, (kick,) = z
        x1, heat = x + v, np.sqrt(2.0 * (1.0 - self.momentum) * self.lr * self.temperature)
        return x1, self.momentum * v - self.lr * noisy_grad(o, x1, seen) + heat * kick

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, v = y
        h = np.sqrt(self.lr)
        return v / h, -((1.0 - self.momentum) * v + self.lr * grad(o, x)) / h

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, v = y
        root = np.sqrt(np.sqrt(self.lr))
        heat = root * np.sqrt(2.0 * (1.0 - self.momentum) * self.temperature)
        return filled(0.0, x), heat * dw[1] - root * root * root * root_cov(o, x, dw[0])

    def linear(self, H: Any, Sigma: Any) -> Any:
        h, one, delta = np.sqrt(self.lr), np.eye(len(H)), 1.0 - self.momentum
        A = np.block([[0.0 * one, -one / h], [h * H, delta / h * one]])
        noise = h * (2.0 * delta * self.temperature * one + self.lr * Sigma)
        return A, np.block([[0.0 * one, 0.0 * one], [0.0 * one, noise]])
