"""LocalSGD: agents that take H steps each on their own, then meet at their mean; FedAvg.

Discrete
    x_i = x for every agent i = 1..N;  H times  x_i ← x_i - η (∇f_i(x_i) + ξ_i);   x' = x + α [(1/N) Σ_i x_i - x]
    E ξ_i = 0,  Cov ξ_i = Σ_i, all draws independent. α is the outer learning rate: 1 is the mean itself. One step of
    this page is a round, H gradients of every agent.

SDE
    order1   dX = -α ∇f dt - α √(η/N) Σ̂^{1/2} dW                                                     Σ̂ = (1/N) Σ_i Σ_i
    order2   dX = -α [∇f + (η/2)(1 + (α - 1)H) ∇²f ∇f] dt - α √(η/N) Σ̂^{1/2} dW, for agents of one Hessian

    A round is ηH units of time. At α = 1 both are those of SGD with the noise of the mean, whatever H is: meeting H
    times less often costs nothing that they see.

Regime
    η → 0, t = kηH fixed; H, N, α and the laws of the ξ_i fixed.

Claim
    Weak order 1, and 2 where all ∇²f_i are equal and Σ̂ is constant. What differs between the agents enters the mean
    drift of a round at the next order: with H_i = ∇²f_i it gains
        α (η/2)(H - 1) [(1/N) Σ H_i ∇f_i - ∇²f ∇f] = α (η/4)(H - 1) ∇V,    V = (1/N) Σ |∇f_i - ∇f|²
    so that agents disagree more at rest than at the minimum of f. For f_i = h_i (x - c_i)²/2 the mean at rest is
    exactly Σ w_i c_i/Σ w_i with w_i = 1 - (1 - ηh_i)^H, not the minimum Σ h_i c_i/Σ h_i.
    Stationary on f = h x²/2 with Var ξ_i = s² and α = 1: η s²/(2hN) over 1 - ηh/2, for every H; the SDE without that
    divisor.

Heavy tails
    Refused where one ξ_i has no variance, as for `DSGD`. The discrete column runs.

Sources
    McMahan et al. (2017), arXiv:1602.05629, and Stich (2019), arXiv:1805.09767, both recalled; the outer learning rate:
    Reddi et al. (2021), arXiv:2003.00295, recalled. Gu et al. (2023), arXiv:2303.01215, have the SDE of times η⁻² about
    a manifold of minima, of which its abstract was read; this page is about times η⁻¹, and its SDEs, the drift of the
    disagreement and the means at rest are derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Count,
    Draws,
    Oracle,
    Positive,
    Vector,
    agent_grads,
    average,
    each,
    grad,
    hvp,
    local_grads,
    method,
    rival,
    root_additive_cov,
    root_cov,
)

__all__ = ["LocalSGD", "LocalSGDOrder2", "mean_move", "round_time"]


def round_time(self: Any) -> Any:
    """Time of one round, ηH."""
    return self.lr * self.local_steps


def moved(x: Any, g: Any, lr: Any) -> Any:
    """One step of one agent."""
    return x - lr * g


def mean_move(o: Oracle, x: Vector, z: Draws, lr: Any) -> Any:
    """How far the agents come on average, x - (1/N) Σ x_i: what FedAvg calls the pseudo-gradient."""
    at = each(moved, x, agent_grads(o, x, z[0]), lr)
    for h in range(1, len(z)):
        at = each(moved, at, local_grads(o, at, z[h]), lr)
    return x - average(at)


def bend(self: Any) -> Any:
    """(η/2)(1 + (α - 1)H): what the force gains of ∇²f ∇f."""
    return 0.5 * self.lr * (1.0 + (self.outer_lr - 1.0) * self.local_steps)


@method(order=1, clock=round_time, samples="local_steps", family="distributed", noise="agents:2,gaussian:0.5")
class LocalSGD(NamedTuple):
    """Local SGD, which is FedAvg with every agent taking part.

    Discrete
        x_i = x, H times x_i ← x_i - η (∇f_i(x_i) + ξ_i), x' = x + α [(1/N) Σ_i x_i - x]
    SDE
        dX = -α ∇f dt - α √(η/N) Σ̂^{1/2} dW,  Σ̂ = (1/N) Σ_i Σ_i, default "order1"; rival "order2"
    Regime
        η → 0, t = kηH fixed, H and α fixed: a step is a round
    Claim
        weak order 1
    Sources
        McMahan et al., arXiv:1602.05629; Stich, arXiv:1805.09767; Gu et al., arXiv:2303.01215; the SDEs derived here

    Parameters
    ----------
    lr : float
        Learning rate η > 0 of the agents.
    local_steps : float
        Steps H of a round, a whole number from 1 on, meant for at most about 32; default 4. H = 1 is `DSGD` at the
        learning rate αη.
    outer_lr : float
        α > 0, by which the mean move is multiplied; default 1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> law = so.Agents(so.NoNoise(), agents=2, shifts=[[1.0], [-1.0]])
    >>> o = so.Problem(so.Quadratic([1.0]), law).oracle
    >>> page = so.LocalSGD(lr=0.5, local_steps=2)
    >>> page.step(0, np.array([1.0]), o, ((), ()))  # the agents go 1, 0, -0.5 and 1, 1, 1
    array([0.25])
    """

    lr: Positive
    local_steps: Count = 4.0
    outer_lr: Positive = 1.0

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        return x - self.outer_lr * mean_move(o, x, z, self.lr)

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -self.outer_lr * grad(o, x)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -self.outer_lr * np.sqrt(self.lr) * root_cov(o, x, dw)

    def linear(self, H: Any, Sigma: Any) -> Any:
        return self.outer_lr * H, self.outer_lr**2 * self.lr * Sigma


@rival(LocalSGD, "order2", order=2)
class LocalSGDOrder2:
    """dX = -α [∇f + (η/2)(1 + (α - 1)H) ∇²f ∇f] dt - α √(η/N) Σ̂^{1/2} dW: weak order 2 for agents of one Hessian.

    Valid for additive noise, agents that differ by ``shifts`` at most, and smooth f. At α < 1 - 1/H the correction
    turns its sign: long rounds with a short outer step lag behind the flow.

    Source: derived here by the recipe of Li, Tai & E, arXiv:1811.01558.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        return -self.outer_lr * (g + bend(self) * hvp(o, x, g))

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -self.outer_lr * np.sqrt(self.lr) * root_additive_cov(o, x, dw)

    def linear(self: Any, H: Any, Sigma: Any) -> Any:
        return self.outer_lr * (H + bend(self) * H @ H), self.outer_lr**2 * self.lr * Sigma
