"""Scion on the sup-norm ball: steps of conditional gradient towards a corner of the ball, chosen by averaged signs.

Discrete
    d' = β d + (1 - β) (g + ξ),    x' = (1 - γ) x - γ s sign(d'),    d₀ = 0                g = ∇f(x);  γ = η

    -s sign(d) is where ⟨d, x⟩ is least on the ball |x_i| <= s: the linear minimisation oracle (lmo) of the ball.

SDE
    order1   dX = -[X + s sign(D)] dt
             dD = κ (g - D) dt + κ √η Σ^{1/2} dW                                                       κ = (1 - β)/η

    One step is η = γ units of time. Where D = 0, as at the start, its sign is that of g, to which D goes.

Regime
    η → 0, 1 - β = κη with κ fixed, t = kη, away from changes of sign of D. Before the first x moves without noise, and
    there is no covariance to judge. The time of a change fluctuates by √η; within as much of it x is a kinked function
    of that time, and a shift of order η shows in the variance as η^{3/2}, as for Signum.

Claim
    Weak order 1 in η; on f = (x - 0.3)²/2 from x = 1, κ = 1, s = 1, σ = 0.1, half-way between the first and the second
    change, η from 0.05 to 0.0125: means 0.90 ± 0.02, covariance 2.02 ± 0.05 (docs/certificates.md). Both columns stay
    in the ball |x_i| <= s once they are in it. With D₀ = g + ξ₀, the first gradient seen, one draw would decide the
    signs for a time of about 1/κ, whatever η is: see `ScionSpectral`. The minimum on the ball is where
    x_i = -s sign(g_i) or g_i = 0. With β = 0 it is SignSGD with decoupled decay.

Heavy tails
    Refused where ξ has no variance: D is driven by Σ^{1/2} dW. The discrete column runs, and its steps are bounded.

Sources
    Scion: Pethick et al. (2025), arXiv:2502.07529, algorithm of the authors' code, whose ``momentum`` is 1 - β here and
    whose ``scale`` is s; the code's Sign norm divides by the fan-in, which belongs into s. The buffer starts at zero as
    in the class Scion (in ScionLight it starts at the first gradient). The SDE is moment-matched by us. The batch:
    Islamov et al. (2026), arXiv:2603.21191, of which the abstract was read, in `sdeopt.scale` and the claim
    scion_best_batch.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Decay, Draws, Oracle, Positive, State, Vector, filled, grad, method, noisy_grad, root_cov, where

__all__ = ["Scion"]


@method(
    order=1, parts=("x", "d"), family="normalised", limited=True,
    at={"lr": 0.03, "beta": 0.94},  # at lr = 0.05 the gap is 11 to 12 %
)  # fmt: skip
class Scion(NamedTuple):
    """Stochastic conditional gradient on the ball |x_i| <= s, with momentum.

    Discrete
        d' = β d + (1 - β) (∇f(x) + ξ),  x' = (1 - γ) x - γ s sign(d')
    SDE
        dX = -[X + s sign(D)] dt,  dD = κ (∇f - D) dt + κ √η Σ^{1/2} dW,  κ = (1 - β)/η, default "order1"
    Regime
        η = γ → 0, 1 - β ~ η, t = kη fixed, away from changes of sign of D
    Claim
        weak order 1
    Sources
        Pethick et al., arXiv:2502.07529; SDE moment-matched by us

    Parameters
    ----------
    lr : float
        Step γ > 0 of the conditional gradient, which also shrinks x; also the time of one step.
    beta : float
        Weight β in [0, 1) of the past in the averaged gradient; default 0.9.
    radius : float
        Half the edge of the ball, s > 0; default 1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> so.Scion(lr=0.1, beta=0.5).step(0, (np.array([1.0, -1.0]), np.zeros(2)), o, ())  # towards (-1, 1)
    (array([ 0.8, -0.8]), array([ 0.5, -1. ]))
    """

    lr: Positive
    beta: Decay = 0.9
    radius: Positive = 1.0

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, beta=1.0 - (1.0 - self.beta) * lr / self.lr)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x

    def warm(self, x: Vector, o: Oracle) -> Any:
        return x, grad(o, x)

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, d = y
        d1 = self.beta * d + (1.0 - self.beta) * noisy_grad(o, x, z)
        return (1.0 - self.lr) * x - self.lr * self.radius * np.sign(d1), d1

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, d = y
        g = grad(o, x)
        return -x - self.radius * np.sign(where(d == 0.0, g, d)), (1.0 - self.beta) / self.lr * (g - d)

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, d = y
        return filled(0.0, x), (1.0 - self.beta) / np.sqrt(self.lr) * root_cov(o, x, dw)
